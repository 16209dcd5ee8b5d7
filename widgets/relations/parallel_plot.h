// Many things as lines through parallel axes, one a quantity. Dragging along an axis keeps only the lines that pass
// there; a click beside them takes that back. With the keyboard: ← → go from axis to axis, ↑ ↓ from line to line,
// Enter chooses it, Shift + ↑ ↓ keep less and less of the axis from below and above, Delete keeps all again. GUI thread
// only.
#pragma once

#include "widgets/parts/painted_items.h"
#include "widgets/relations/quantity.h"
#include "widgets/relations/things.h"

#include <QPixmap>
#include <QWidget>

#include <optional>
#include <utility>
#include <vector>

namespace athanor::widgets {

class ParallelPlot final : public QWidget, public PaintedItems {
  Q_OBJECT
 public:
  explicit ParallelPlot(QWidget* parent = nullptr);
  // `axes` have a value for each thing.
  void show(std::vector<Thing> things, std::vector<Quantity> axes);
  void set_current(std::int64_t id);  // set off from the others; any other id: none
  // By thing: whether it passes through what is kept of every axis.
  [[nodiscard]] std::vector<bool> kept() const;
  // Keeps places [from, to] of an axis, 0 … 1; nothing: all of it.
  void keep(std::size_t axis, std::optional<std::pair<double, double>> places);

  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override;
  [[nodiscard]] QAccessible::Role painted_role() const override { return QAccessible::Chart; }
  [[nodiscard]] QString painted_value() const override;
  [[nodiscard]] std::vector<PaintedItem> painted_items() const override;  // its axes

 Q_SIGNALS:
  void hovered(qint64 id);  // −1: none
  void chosen(qint64 id);
  void kept_changed();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  struct Axis {
    Quantity quantity;
    std::vector<double> places;                      // by thing
    std::optional<std::pair<double, double>> range;  // kept
  };
  [[nodiscard]] QRectF field() const;  // that lines run in
  [[nodiscard]] double x_of(std::size_t axis) const;
  [[nodiscard]] double y_of(double place) const;
  [[nodiscard]] double place_at(double y) const;
  [[nodiscard]] std::optional<std::size_t> axis_near(double x) const;
  [[nodiscard]] std::optional<std::size_t> thing_near(QPointF place) const;
  [[nodiscard]] std::vector<QPolygonF> pieces_of(std::size_t thing) const;  // gaps where a value is not known
  [[nodiscard]] std::optional<std::size_t> index_of(std::int64_t id) const;
  void draw_lines();
  void paint_axis(QPainter& painter, std::size_t axis) const;
  void paint_line(QPainter& painter, std::size_t thing, const QColor& color, double width) const;
  void point_at(std::optional<std::size_t> thing);
  void go_to_line(bool up);
  void narrow(bool from_below);

  std::vector<Thing> things_;
  std::vector<Axis> axes_;
  QPixmap lines_;  // of all things; null: to be drawn anew
  std::int64_t current_ = -1;
  std::size_t at_ = 0;  // the axis that keys are at
  std::optional<std::size_t> dragged_;
  double drag_from_ = 0;
  bool has_moved_ = false;
};

}  // namespace athanor::widgets
