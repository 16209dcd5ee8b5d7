// The drawing behind MetricPlot: axes, markers and cursor by QCustomPlot, curves as a picture of ours. Private to this
// folder: no other header may name QCustomPlot. GUI thread only.
#pragma once

#include "widgets/plot/curve.h"
#include "widgets/plot/envelope_graph.h"

#include <qcustomplot.h>

#include <optional>

namespace athanor::widgets {

class PlotCanvas final : public QCustomPlot {
  Q_OBJECT
 public:
  explicit PlotCanvas(QWidget* parent);

  void set_curves(const std::vector<Curve>& curves, XAxis axis);
  void set_markers(const std::vector<PlotMarker>& markers, XAxis axis);
  void set_logarithmic(bool x, bool y);
  void set_percent(bool on);
  // The ranges to be shown. New numbers in many curves wait for their picture, so that it and the axes change together;
  // `at_once`: the axes answer now, and the picture there is moves with them.
  void show_ranges(std::pair<double, double> x, std::pair<double, double> y, bool at_once);
  // A hairline at x, or none; and curves drawn once more, above all others.
  void set_cursor(std::optional<double> x);
  void set_highlighted(const std::vector<std::size_t>& which);
  void set_empty_text(const QString& text);  // shown instead of axes; empty text: draw axes
  void apply_theme(const Theme& theme);      // lives on

  [[nodiscard]] int plot_width() const { return axisRect()->width(); }
  [[nodiscard]] bool is_current() const { return graph_->is_current(); }
  [[nodiscard]] std::uint64_t shown_content() const { return graph_->shown_content(); }
  // Into a document or picture, at a place and size in its own pixels.
  void paint_into(QCPPainter& painter, const QRect& box, bool vectors);

 Q_SIGNALS:
  void zoom_requested(double from, double to);
  void reset_requested();
  void cursor_requested(double x);
  void cursor_left();
  void wheel_zoom_requested(double anchor, double factor);
  void pointed_at(int curve);  // its index; −1: at none
  void clicked_on(int curve);
  void resized();

 protected:
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void build_axes();
  void build_items();
  void choose_tickers();
  void set_axes(const QCPRange& x, const QCPRange& y);
  void show_arrived();
  void place_marker_texts();
  void fit_empty_text();
  [[nodiscard]] bool is_empty() const { return !empty_text_.isEmpty(); }
  [[nodiscard]] double x_at(double pixel) const { return xAxis->pixelToCoord(pixel); }
  [[nodiscard]] int curve_at(QPointF place) const;

  EnvelopeGraph* graph_ = nullptr;
  HighlightGraph* highlight_ = nullptr;
  std::vector<PlotMarker> markers_;  // those that the axis has a place for
  std::vector<QCPItemStraightLine*> marker_lines_;
  std::vector<QCPItemText*> marker_texts_;
  QCPItemStraightLine* cursor_ = nullptr;
  QCPItemRect* band_ = nullptr;  // the stretch being dragged out
  QCPItemText* empty_ = nullptr;
  QString empty_text_;
  const Theme* theme_ = nullptr;
  QCPRange wanted_x_, wanted_y_;  // that the axes have, or get with the picture
  std::optional<double> drag_from_;
  QPointF pressed_;
  XAxis axis_ = XAxis::step;
  bool percent_ = false;
};

}  // namespace athanor::widgets
