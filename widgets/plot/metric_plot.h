// A card with one quantity over steps or time: title, latest value, curves with their min–max band, cursor with values,
// logarithmic scale, the same data as a table. Drag zooms, double click returns, Control + wheel zooms about the
// pointer; with the keyboard: ← → pan, + − zoom, Home returns, Control + ← → moves the cursor, L logarithmic, T table.
// GUI thread only. Owns its curves; a link is not owned.
#pragma once

#include "widgets/parts/painted_items.h"
#include "widgets/plot/curve.h"
#include "widgets/plot/plot_legend.h"

#include <QFrame>

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
  [[nodiscard]] std::pair<double, double> shown_x_range() const { return x_range_; }
  [[nodiscard]] std::pair<double, double> shown_y_range() const { return y_range_; }
  // Several curves: their labels with values, as shown; one: its value.
  [[nodiscard]] QString legend_text() const;
  [[nodiscard]] QAccessible::Role painted_role() const override { return QAccessible::Chart; }
  [[nodiscard]] QString painted_value() const override { return accessibleDescription(); }
  [[nodiscard]] std::vector<PaintedItem> painted_items() const override;  // the curves

 Q_SIGNALS:
  void drawn();  // new curves are on the screen
  void logarithmic_changed(bool on);

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
  void build_menu();
  void refresh();        // ranges, then a queued redraw
  void describe();       // accessible name and description
  void update_legend();  // its values, at the cursor or the newest; the lines stay
  void fit_legend();     // gives it the lines it needs at this width
  void paint_header(QPainter& painter) const;
  [[nodiscard]] QRect header_box() const;
  [[nodiscard]] int title_width() const;
  [[nodiscard]] QString value_text(double value) const;
  [[nodiscard]] std::pair<double, double> whole_x() const;
  [[nodiscard]] XAxis axis() const;
  void move_cursor(int columns);
  void zoom(double anchor, double factor);
  void ask_where_to_save();

  QString title_;
  QString unit_;
  QString empty_text_;
  std::vector<Curve> curves_;
  std::vector<PlotMarker> markers_;
  PlotLink* link_ = nullptr;
  PlotLink* own_link_ = nullptr;
  PlotCanvas* canvas_ = nullptr;
  QStackedWidget* stack_ = nullptr;
  QTableView* table_ = nullptr;
  CurveTable* table_model_ = nullptr;
  QToolButton* menu_button_ = nullptr;
  QAction* log_action_ = nullptr;
  QAction* table_action_ = nullptr;
  std::pair<double, double> x_range_{0, 1}, y_range_{0, 1};
  PlotLegend legend_;
  bool legend_beside_ = true;
  bool logarithmic_ = false;
  bool percent_ = false;
  bool robust_ = false;
  double first_step_ = 0, whole_step_ = 0, whole_second_ = 0;
  bool fresh_ = false;
};

}  // namespace athanor::widgets
