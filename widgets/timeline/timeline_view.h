// Rows of bars over time: a ruler, named stretches, groups of rows with their labels, bars with patterns beside
// colours, or columns where bars are too many, and marks. Dragging moves it; dragging on the ruler, or with Shift,
// selects a range, and a double click zooms to it, or returns. Control + wheel, or the wheel alone once it has the
// focus, zooms about the pointer, Shift + wheel pans. With the keyboard: ← → pan, + − zoom, Home returns, End asks for
// the newest, Shift + ← → select, Enter zooms to what is selected, ↑ ↓ choose a row, Control + ← → go from bar to bar,
// Escape lets go. The bar or column below the pointer, or the one gone to, is told in the line at the bottom, with its
// counterpart in the twin row.
//
// It may hold all there is, or all of it coarsely and a window of it finely: where a window is not at hand the coarse
// picture is drawn until it comes, so that nothing is waited for. Bars are laid out once for a range, a width and a
// content, and only rows in sight are drawn. GUI thread only.
#pragma once

#include "widgets/parts/marker_labels.h"
#include "widgets/parts/painted_items.h"
#include "widgets/timeline/timeline_columns.h"
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

  // All there is. What was in sight stays in sight where the whole grows, or is of about the same length; otherwise all
  // of it is shown. The current bar stays where the same piece of work is at its place.
  void set_data(TimelineData data);
  // A part of it from `from` to `to`, finely; in place of another.
  void set_window(TimelineData data);
  [[nodiscard]] const TimelineData& data() const { return data_; }
  // So many columns between the two ends in sight are worth having.
  [[nodiscard]] int useful_columns() const;

  [[nodiscard]] std::pair<double, double> range() const { return range_; }
  void set_range(double from, double to);
  void reset_range();
  [[nodiscard]] std::optional<std::pair<double, double>> selection() const { return selection_; }
  void set_selection(std::optional<std::pair<double, double>> range);

  struct Place {
    int row = -1, bar = -1;  // negative bar: what the columns have there
    double at = 0;           // where, in columns
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
  void moved();  // by a person
  void newest_wanted();
  // Nothing is selected any more where both are the same.
  void range_selected(double from, double to);
  // Another range is in sight, or the same at another width: so many columns between the two are worth having. At most
  // once per turn of the event loop.
  void detail_wanted(double from, double to, int columns);

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
  // Pixels.
  static constexpr int kRuler = 20;
  static constexpr int kReadout = 22;
  static constexpr int kMarkText = 16;
  static constexpr int kStretchText = 15;
  static constexpr int kLabelGap = 12;

  [[nodiscard]] double whole() const;
  [[nodiscard]] bool is_part() const { return backdrop_.has_value(); }
  void take(TimelineData data, std::optional<Place> current);
  [[nodiscard]] bool has_alike(const TimelineData& data, const Place& place) const;
  // Where the current bar is in other data, which may have other bars before it.
  [[nodiscard]] std::optional<Place> found_again(const TimelineData& data);
  void pair_rows();
  struct View {
    std::pair<double, double> range;
    int columns = 0;
    friend bool operator==(const View&, const View&) = default;
  };
  void ask_for_detail();
  [[nodiscard]] bool is_at_hand(const View& now) const;
  [[nodiscard]] QRect lanes() const;  // where bars are
  [[nodiscard]] int marks_top() const;
  void measure_labels();
  [[nodiscard]] double x_of(double time) const;
  [[nodiscard]] double time_at(double x) const;
  [[nodiscard]] double time_in_sight(double x) const;  // the nearest
  [[nodiscard]] std::optional<Place> place_at(const QPointF& point) const;
  [[nodiscard]] const TimelineRow& row_at(int row, double time) const;  // of the window, or behind it
  [[nodiscard]] const TimelineBar* bar_of(const Place& place) const;    // null: columns
  [[nodiscard]] std::pair<double, double> pixel_of(const Place& place) const;
  void go(std::optional<Place> place);
  void step_bar(int by);
  void step_column(int by);
  void step_row(int by);
  void reveal(const TimelineBar& bar);
  void move_to(double from, double to);
  void zoom_to_selection();
  void extend_selection(double share);
  void describe();

  void paint_ruler(QPainter& painter) const;
  void paint_stretches(QPainter& painter) const;
  void paint_selection(QPainter& painter) const;
  [[nodiscard]] QFont mark_font() const;
  void paint_marks(QPainter& painter) const;
  void paint_groups(QPainter& painter) const;
  // A kind as it is drawn now, with the widths that its texts need.
  struct BarLook {
    BarBrush brush;
    QString sign;
    int number_width = 0, whole_width = 0;
  };
  struct Looks {
    std::vector<BarLook> bars;
    std::vector<QColor> columns;
  };
  [[nodiscard]] Looks looks_of(const QFontMetrics& metrics, bool pale) const;
  void paint_rows(QPainter& painter, const QRect& dirty);
  // A row of the window, or what lies behind it, between two times.
  void paint_row(QPainter& painter, const TimelineRow& row, int key, const QRect& box, const Looks& looks);
  void paint_gaps(QPainter& painter, const TimelineRow& row, const QRect& box) const;
  void paint_pauses(QPainter& painter, const TimelineRow& row, const QRect& box) const;
  static void paint_label(QPainter& painter, const QRect& bar, const BarLook& look, int number);
  void paint_current(QPainter& painter) const;
  void paint_readout(QPainter& painter) const;
  [[nodiscard]] QString bar_text(const Place& place) const;
  [[nodiscard]] QString columns_text(const Place& place) const;
  [[nodiscard]] QString place_text(const Place& place) const;

  TimelineData data_;                     // all, or the window
  std::optional<TimelineData> backdrop_;  // all, coarsely, while data_ is a window
  std::vector<int> row_behind_;           // in the backdrop; negative: there is none
  RowPlaces places_;
  int label_width_ = 0;  // left of the bars
  std::pair<double, double> range_{0, 1};
  std::optional<std::pair<double, double>> selection_;
  std::optional<Place> current_;
  // The bar that was current, with its row: all there is may not tell it, but the next window does.
  std::optional<std::pair<int, TimelineBar>> sought_;
  enum class Drag : std::uint8_t { none, pan, select };
  Drag drag_ = Drag::none;
  bool has_dragged_ = false;
  double drag_x_ = 0;                           // where it began
  std::pair<double, double> drag_range_{0, 1};  // and what was in sight then
  View view_;                                   // that detail was asked for last
  bool detail_due_ = false;
  // Of the rows drawn so far for laid_range_ and laid_width_; those behind the window have negative keys.
  struct Laid {
    std::vector<BarBox> boxes;
    QImage columns;
  };
  std::map<int, Laid> laid_;
  std::pair<double, double> laid_range_{0, 0};
  int laid_width_ = 0;
};

}  // namespace athanor::widgets
