// Two quantities of many things against each other, a dot each. With the keyboard: ← → go from dot to dot by x, ↑ ↓ by
// y, Enter chooses one. GUI thread only.
#pragma once

#include "widgets/parts/painted_items.h"
#include "widgets/relations/quantity.h"
#include "widgets/relations/things.h"

#include <QWidget>

#include <optional>
#include <vector>

namespace athanor::widgets {

class ScatterPlot final : public QWidget, public PaintedItems {
  Q_OBJECT
 public:
  explicit ScatterPlot(QWidget* parent = nullptr);
  // Both have a value for each thing; those that are not kept step back.
  void show(std::vector<Thing> things, Quantity x, Quantity y, std::vector<bool> kept);
  void set_current(std::int64_t id);  // any other id: none

  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override;
  [[nodiscard]] QAccessible::Role painted_role() const override { return QAccessible::Chart; }
  [[nodiscard]] QString painted_value() const override;
  [[nodiscard]] std::vector<PaintedItem> painted_items() const override;  // its dots

 Q_SIGNALS:
  void hovered(qint64 id);  // −1: none
  void chosen(qint64 id);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  [[nodiscard]] QRectF field() const;
  [[nodiscard]] std::optional<QPointF> dot_of(std::size_t thing) const;  // nothing: one value is not known
  [[nodiscard]] std::optional<std::size_t> thing_near(QPointF place) const;
  [[nodiscard]] std::optional<std::size_t> index_of(std::int64_t id) const;
  [[nodiscard]] QString words_of(std::size_t thing) const;
  void paint_axes(QPainter& painter) const;
  void point_at(std::optional<std::size_t> thing);
  void step(const Quantity& along, int by);

  std::vector<Thing> things_;
  Quantity x_, y_;
  std::vector<bool> kept_;
  std::int64_t current_ = -1;
};

}  // namespace athanor::widgets
