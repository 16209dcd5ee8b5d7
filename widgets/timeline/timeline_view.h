// Rows of bars over time: a ruler, groups of rows with their labels, bars with patterns beside colours, marks. Drag
// zooms, double click returns, Control + wheel zooms about the pointer, Shift + wheel pans; with the keyboard: ← → pan,
// + − zoom, Home returns, ↑ ↓ choose a row, Control + ← → go from bar to bar, Escape lets go. The bar below the
// pointer, or the one gone to, is told in the line at the bottom, with its counterpart in the twin row. Bars are laid
// out once for a range, a width and a content, and only rows in sight are drawn. GUI thread only.
#pragma once

#include "widgets/parts/marker_labels.h"
#include "widgets/parts/painted_items.h"
#include "widgets/timeline/timeline_layout.h"
#include "widgets/timeline/timeline_paint.h"

#include <QWidget>

#include <map>
#include <optional>

namespace athanor::widgets {

class TimelineView final : public QWidget, public PaintedItems {
  Q_OBJECT
 public:
  explicit TimelineView(const QString& name, QWidget* parent = nullptr);

  // What was in sight stays in sight where the whole is of about the same length; otherwise all of it is shown. The
  // current bar stays where the same piece of work is at its place.
  void set_data(TimelineData data);
  [[nodiscard]] const TimelineData& data() const { return data_; }

  [[nodiscard]] std::pair<double, double> range() const { return range_; }
  void set_range(double from, double to);
  void reset_range();

  struct Place {
    int row = -1, bar = -1;
    bool operator==(const Place&) const = default;
  };
  [[nodiscard]] std::optional<Place> current() const { return current_; }
  // What the line at the bottom says.
  [[nodiscard]] QString readout() const;
  // The words of the marks in sight, as they are drawn: those that would lie over each other as one, cut to fit.
  [[nodiscard]] std::vector<MarkerLabel> mark_labels() const;

  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override;
  [[nodiscard]] QAccessible::Role painted_role() const override { return QAccessible::Chart; }
  [[nodiscard]] QString painted_value() const override { return accessibleDescription(); }
  [[nodiscard]] std::vector<PaintedItem> painted_items() const override;  // the rows

 Q_SIGNALS:
  void range_changed(double from, double to);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  [[nodiscard]] double whole() const;
  [[nodiscard]] bool has_alike(const TimelineData& data, const Place& place) const;
  [[nodiscard]] QRect lanes() const;  // where bars are
  void measure_labels();
  [[nodiscard]] double x_of(double time) const;
  [[nodiscard]] double time_at(double x) const;
  [[nodiscard]] double time_in_sight(double x) const;  // the nearest
  [[nodiscard]] std::optional<Place> place_at(const QPointF& point) const;
  [[nodiscard]] const std::vector<BarBox>& boxes(int row);
  void go(std::optional<Place> place);
  void step_bar(int by);
  void step_row(int by);
  void reveal(const TimelineBar& bar);
  void describe();
  void paint_ruler(QPainter& painter) const;
  [[nodiscard]] QFont mark_font() const;
  void paint_marks(QPainter& painter) const;
  void paint_groups(QPainter& painter) const;
  // A kind as it is drawn now, with the widths that its texts need.
  struct BarLook {
    BarBrush brush;
    QString sign;
    int number_width = 0, whole_width = 0;
  };
  [[nodiscard]] std::vector<BarLook> looks_of(const QFontMetrics& metrics, bool pale) const;
  void paint_rows(QPainter& painter, const QRect& dirty);
  void paint_row(QPainter& painter, int row, const QRect& box, const std::vector<BarLook>& looks);
  static void paint_label(QPainter& painter, const QRect& bar, const BarLook& look, int number);
  void paint_current(QPainter& painter) const;
  void paint_readout(QPainter& painter) const;
  [[nodiscard]] QString bar_text(const Place& place) const;

  TimelineData data_;
  RowPlaces places_;
  int label_width_ = 0;  // left of the bars
  std::pair<double, double> range_{0, 1};
  std::optional<Place> current_;
  std::optional<std::pair<double, double>> drag_;  // times, from where it began
  // Of the rows drawn so far for boxes_range_ and boxes_width_.
  std::map<int, std::vector<BarBox>> boxes_;
  std::pair<double, double> boxes_range_{0, 0};
  int boxes_width_ = 0;
};

}  // namespace athanor::widgets
