// A card with one quantity over what x means: title, latest value, curves with their min–max band, cursor with values,
// logarithmic scales, the same data as a table. Drag zooms, double click returns, Control + wheel zooms about the
// pointer, a click chooses the curve below it. With the keyboard: ← → pan, + − zoom, Home returns, Control + ← → moves
// the cursor, ↑ ↓ go from curve to curve, Enter chooses, L and Shift + L logarithmic, T table. GUI thread only. Shares
// its curves' numbers; a link is not owned.
#pragma once

#include "widgets/parts/painted_items.h"
#include "widgets/plot/curve.h"
#include "widgets/plot/plot_legend.h"

#include <QFrame>

class QMenu;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace athanor::widgets {

class PlotCanvas;
class PlotLink;
class CurveTable;

class MetricPlot final : public QFrame, public PaintedItems {
  Q_OBJECT
 public:
  explicit MetricPlot(const QString& title, QWidget* parent = nullptr);
  ~MetricPlot() override;

  void set_unit(const QString& unit);
  void set_empty_text(const QString& text);
  void set_link(PlotLink* link);
  // Values drawn as fractions of 1 are written in per cent.
  void set_percent(bool on);
  // Single spikes far from all other values do not stretch the height; the data stay as they are.
  void set_robust(bool on);
  // The whole range is at least from the first step (from 0 over time) to these, so that plots side by side agree; 0:
  // as the curves say.
  void set_whole_x(double last_step, double last_second, double first_step = 0);
  void set_curves(std::vector<Curve> curves);
  void set_markers(std::vector<PlotMarker> markers);
  void set_logarithmic(bool on);
  [[nodiscard]] bool is_logarithmic() const { return logarithmic_; }
  void show_table(bool on);
  [[nodiscard]] const QString& title() const { return title_; }
  [[nodiscard]] const std::vector<Curve>& curves() const { return curves_; }
  // How many columns are worth asking for at the present width.
  [[nodiscard]] int useful_columns() const;
  // Whether the picture shows what the axes say; until then it is one of before, moved to its place.
  [[nodiscard]] bool is_current() const;
  [[nodiscard]] std::pair<double, double> shown_x_range() const { return x_range_; }
  [[nodiscard]] std::pair<double, double> shown_y_range() const { return y_range_; }
  // Several curves: their labels with values, as shown, of many the first; one: its value.
  [[nodiscard]] QString legend_text() const;
  // The index of the curve that is set off from the others: pointed at, or gone to by keys.
  [[nodiscard]] std::optional<std::size_t> current_curve() const { return current_; }
  // By the ending of its name: .pdf and .svg with vectors, .png, or .csv with all numbers. Nothing: done; otherwise
  // what went wrong.
  [[nodiscard]] QString save(const QString& file);
  [[nodiscard]] QAccessible::Role painted_role() const override { return QAccessible::Chart; }
  [[nodiscard]] QString painted_value() const override { return accessibleDescription(); }
  [[nodiscard]] std::vector<PaintedItem> painted_items() const override;  // the curves shown

 Q_SIGNALS:
  void drawn();    // newer curves than before are on the screen
  void settled();  // the picture shows what the axes say, after it did not
  void logarithmic_changed(bool on);
  void curve_hovered(qint64 id);  // by pointer or keys; kNoCurve: none any more
  void curve_clicked(qint64 id);
  // Another range is in view, or as much at another width: so many columns between the two are worth having. At most
  // once per turn of the event loop, and not when the whole range grows with its data.
  void detail_wanted(double from, double to, int columns);

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void changeEvent(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void showEvent(QShowEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  void connect_canvas();
  void build_menu();
  void build_scales(QMenu* menu);
  void build_ways_out(QMenu* menu);
  void refresh(bool new_numbers = false);  // ranges, then a queued redraw
  void note_view();                        // asks for detail once, if another view is shown
  void take_axis();                        // that of the link
  void describe();                         // accessible name and description
  void update_legend();                    // its values, at the cursor or the newest; the lines stay
  void fit_legend();                       // gives it the lines it needs at this width
  void paint_header(QPainter& painter) const;
  [[nodiscard]] QRect header_box() const;
  [[nodiscard]] int title_width() const;
  [[nodiscard]] QString value_text(double value) const;
  [[nodiscard]] QString place_text(const Curve& curve, std::size_t column) const;  // "0.31 at step 40"
  // The column at the cursor, or the newest; the curve is not empty.
  [[nodiscard]] std::size_t column_shown(const Curve& curve) const;
  [[nodiscard]] LegendEntry entry_of(std::size_t index, const Theme& theme) const;
  [[nodiscard]] PlotLegend figure_legend(const Theme& theme) const;
  [[nodiscard]] std::vector<std::size_t> by_rank(std::size_t most) const;  // what is emphasised first
  [[nodiscard]] const Curve* first_shown() const;
  [[nodiscard]] std::pair<double, double> whole_x() const;
  [[nodiscard]] XAxis axis() const;
  void move_cursor(int columns);
  void zoom(double anchor, double factor);
  void pan(double share);
  void go_to_curve(bool up);
  void set_current(std::optional<std::size_t> index);
  void find_current();  // among new curves, the same one
  void show_highlight();
  void announce_current();
  void choose(std::size_t index);
  void ask_where_to_save();

  QString title_;
  QString unit_;
  QString empty_text_;
  std::vector<Curve> curves_;
  std::size_t shown_ = 0;  // of them
  std::vector<PlotMarker> markers_;
  PlotLink* link_ = nullptr;
  PlotLink* own_link_ = nullptr;
  PlotCanvas* canvas_ = nullptr;
  QStackedWidget* stack_ = nullptr;
  QTableView* table_ = nullptr;
  CurveTable* table_model_ = nullptr;
  QToolButton* menu_button_ = nullptr;
  QAction* log_action_ = nullptr;
  QAction* log_x_action_ = nullptr;
  QAction* table_action_ = nullptr;
  std::pair<double, double> x_range_{0, 1}, y_range_{0, 1};
  PlotLegend legend_;
  bool legend_beside_ = true;
  std::optional<std::size_t> current_;
  std::int64_t current_id_ = kNoCurve;
  QString current_name_;
  struct View {
    std::optional<std::pair<double, double>> range;
    XAxis axis = XAxis::step;
    int columns = 0;
    friend bool operator==(const View&, const View&) = default;
  };
  View view_;  // that detail was asked for last
  bool detail_due_ = false;
  bool logarithmic_ = false;
  bool percent_ = false;
  bool robust_ = false;
  double first_step_ = 0, whole_step_ = 0, whole_second_ = 0;
  std::uint64_t drawn_content_ = 0;
  bool settled_ = true;
};

}  // namespace athanor::widgets
