#include "tests/benchmark/frames/graphs.h"

#include "widgets/common/theme.h"

#include <limits>

namespace athanor::widgets {

GraphCanvas::GraphCanvas(QWidget* parent) : QCustomPlot(parent) {
  setNoAntialiasingOnDrag(false);
  setAntialiasedElements(QCP::aePlottables | QCP::aeScatters);
}

void GraphCanvas::add_layers(int colour) {
  const Theme& theme = current_theme();
  QColor fill = theme.series(colour);
  fill.setAlphaF(0.16F);
  Layers layers;
  layers.low = addGraph();
  layers.high = addGraph();
  layers.line = addGraph();
  layers.odd = addGraph();
  layers.low->setPen(Qt::NoPen);
  layers.high->setPen(Qt::NoPen);
  layers.high->setBrush(fill);
  layers.high->setChannelFillGraph(layers.low);
  layers.line->setPen(QPen(theme.series(colour), 1.6, Theme::series_dash(colour), Qt::RoundCap, Qt::RoundJoin));
  layers.odd->setLineStyle(QCPGraph::lsNone);
  layers.odd->setScatterStyle(
      QCPScatterStyle(QCPScatterStyle::ssCross, QPen(theme.color(Role::bad), 1.6), Qt::NoBrush, 6));
  layers_.push_back(layers);
}

void GraphCanvas::set_curves(const std::vector<Curve>& curves) {
  while (layers_.size() < curves.size()) add_layers(curves[layers_.size()].colour);
  for (std::size_t c = 0; c < curves.size(); ++c) {
    const CurveColumns& columns = *curves[c].columns;
    QVector<QCPGraphData> low, high, line, odd;
    for (auto* points : {&low, &high, &line}) points->reserve(static_cast<qsizetype>(columns.size()));
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const double x = columns.x(XAxis::step)[i];
      low.append({x, columns.minimum()[i]});
      high.append({x, columns.maximum()[i]});
      line.append({x, columns.line()[i]});
      if (!columns.non_finite().empty() && columns.non_finite()[i] > 0) odd.append({x, 0});
    }
    layers_[c].low->data()->set(low, true);
    layers_[c].high->data()->set(high, true);
    layers_[c].line->data()->set(line, true);
    layers_[c].odd->data()->set(odd, true);
  }
  const auto x = x_extent(curves, XAxis::step).value_or(std::pair{0.0, 1.0});
  const auto y = y_extent(curves, XAxis::step, x.first, x.second, false).value_or(std::pair{0.0, 1.0});
  xAxis->setRange(x.first, x.second);
  yAxis->setRange(y.first, y.second);
}

}  // namespace athanor::widgets
