// The drawing behind MetricPlot. Private to this folder: no other header may name QCustomPlot. GUI thread only.
#pragma once

#include "widgets/plot/curve.h"

#include <qcustomplot.h>

#include <optional>

namespace athanor::widgets {

class PlotCanvas final : public QCustomPlot {
  Q_OBJECT
 public:
  explicit PlotCanvas(QWidget* parent);

  void set_curves(const std::vector<Curve>& curves, XAxis axis);
  void set_markers(const std::vector<PlotMarker>& markers, XAxis axis);
  void set_x_range(double from, double to);
  void set_y_range(double from, double to);
  void set_logarithmic(bool on);
  void set_time_axis(bool on);
  void set_percent(bool on);
  // A hairline at x, or none.
  void set_cursor(std::optional<double> x);
  void set_empty_text(const QString& text);  // shown instead of axes; empty text: draw axes
  void apply_theme();
  [[nodiscard]] double x_at(double pixel) const;
  [[nodiscard]] int plot_width() const;
  bool save(const QString& file, int width, int height);

 Q_SIGNALS:
  void zoom_requested(double from, double to);
  void reset_requested();
  void cursor_requested(double x);
  void cursor_left();
  void wheel_zoom_requested(double anchor, double factor);

 protected:
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  struct Layers {
    QCPGraph* low = nullptr;
    QCPGraph* high = nullptr;
    QCPGraph* line = nullptr;
    QCPGraph* odd = nullptr;  // crosses where values were not finite
    int colour = 0;
  };
  void ensure_layers(std::size_t count);
  void style(Layers& layers);
  void place_odd();
  void place_marker_texts();
  void fit_empty_text();

  std::vector<Layers> layers_;
  std::vector<PlotMarker> markers_;
  std::vector<QCPItemStraightLine*> marker_lines_;
  std::vector<QCPItemText*> marker_texts_;
  QCPItemStraightLine* cursor_ = nullptr;
  QCPItemRect* band_ = nullptr;  // the stretch being dragged out
  QCPItemText* empty_ = nullptr;
  QString empty_text_;
  std::optional<double> drag_from_;
  bool time_axis_ = false;
  bool percent_ = false;
};

}  // namespace athanor::widgets
