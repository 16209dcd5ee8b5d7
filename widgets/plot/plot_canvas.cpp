#include "widgets/plot/plot_canvas.h"

#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/marker_labels.h"
#include "widgets/parts/text_paint.h"

#include <cmath>
#include <limits>
#include <utility>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;
constexpr int kMarkerPadding = 3;

// Short numbers with SI prefixes ("12 k") and no rounding noise.
class ValueTicker final : public QCPAxisTicker {
 protected:
  QString getTickLabel(double tick, const QLocale&, QChar, int) override {
    return si_text(std::abs(tick) < 1e-12 ? 0 : tick);
  }
};

class PercentTicker final : public QCPAxisTicker {
 protected:
  QString getTickLabel(double tick, const QLocale&, QChar, int) override {
    const double tenths = std::round(tick * 1000);
    return percent_text(tenths == 0 ? 0 : tenths / 1000, std::fmod(tenths, 10) == 0 ? 0 : 1);
  }
};

class LogTicker final : public QCPAxisTickerLog {
 protected:
  QString getTickLabel(double tick, const QLocale&, QChar, int) override { return si_text(tick); }
};

class SecondsTicker final : public QCPAxisTicker {
 protected:
  double getTickStep(const QCPRange& range) override {
    for (const double step :
         {1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21600.0, 86400.0})
      if (range.size() / step <= tickCount()) return step;
    return QCPAxisTicker::getTickStep(range);
  }
  QString getTickLabel(double tick, const QLocale&, QChar, int) override {
    const auto seconds = static_cast<long long>(std::llround(tick));
    const auto two = [](long long n) { return QStringLiteral("%1").arg(n, 2, 10, QLatin1Char('0')); };
    if (seconds < 3600) return QString::number(seconds / 60) + u':' + two(seconds % 60);
    return QString::number(seconds / 3600) + u':' + two(seconds / 60 % 60) + u':' + two(seconds % 60);
  }
};

}  // namespace

PlotCanvas::PlotCanvas(QWidget* parent) : QCustomPlot(parent) {
  setFocusPolicy(Qt::NoFocus);
  setMouseTracking(true);
  setAttribute(Qt::WA_NoMousePropagation, false);  // QCustomPlot keeps wheels to itself that the page is to scroll by
  setNoAntialiasingOnDrag(false);
  setAntialiasedElements(QCP::aePlottables | QCP::aeScatters);
  setMinimumHeight(96);
  // As wide as the widest number beside the axis wants it; plots side by side mostly agree.
  axisRect()->setAutoMargins(QCP::msLeft);
  axisRect()->setMinimumMargins(QMargins(46, 0, 0, 0));
  axisRect()->setMargins(QMargins(46, 6, 10, 22));
  for (QCPAxis* axis : {xAxis, yAxis}) {
    axis->setTicker(QSharedPointer<ValueTicker>::create());
    axis->ticker()->setTickCount(axis == xAxis ? 6 : 4);
    axis->setTickLength(0, 0);
    axis->setSubTicks(false);
    axis->setTickLabelPadding(6);
    axis->grid()->setZeroLinePen(Qt::NoPen);
  }
  xAxis->grid()->setVisible(false);
  cursor_ = new QCPItemStraightLine(this);
  cursor_->setVisible(false);
  cursor_->setClipToAxisRect(true);
  band_ = new QCPItemRect(this);
  band_->setVisible(false);
  band_->topLeft->setTypeX(QCPItemPosition::ptPlotCoords);
  band_->topLeft->setTypeY(QCPItemPosition::ptAxisRectRatio);
  band_->bottomRight->setTypeX(QCPItemPosition::ptPlotCoords);
  band_->bottomRight->setTypeY(QCPItemPosition::ptAxisRectRatio);
  empty_ = new QCPItemText(this);
  empty_->position->setType(QCPItemPosition::ptAxisRectRatio);
  empty_->position->setCoords(0.47, 0.5);
  empty_->setTextAlignment(Qt::AlignCenter);
  empty_->setVisible(false);
  connect(this, &QCustomPlot::afterLayout, this, [this] { place_marker_texts(); });
  apply_theme();
}

void PlotCanvas::ensure_layers(std::size_t count) {
  while (layers_.size() > count) {
    Layers& layers = layers_.back();
    for (QCPGraph* graph : {layers.line, layers.odd, layers.high, layers.low}) removeGraph(graph);
    layers_.pop_back();
  }
  while (layers_.size() < count) {
    Layers layers;
    layers.low = addGraph();
    layers.high = addGraph();
    layers.line = addGraph();
    layers.odd = addGraph();
    layers.low->setPen(Qt::NoPen);
    layers.high->setPen(Qt::NoPen);
    layers.high->setChannelFillGraph(layers.low);
    layers.odd->setLineStyle(QCPGraph::lsNone);
    layers_.push_back(layers);
  }
}

void PlotCanvas::style(Layers& layers) {
  const Theme& theme = current_theme();
  const QColor color = theme.series(layers.colour);
  QColor fill = color;
  fill.setAlphaF(theme.is_dark() ? 0.22F : 0.16F);
  layers.high->setBrush(fill);
  layers.line->setPen(QPen(color, 1.6, Theme::series_dash(layers.colour), Qt::RoundCap, Qt::RoundJoin));
  layers.odd->setScatterStyle(
      QCPScatterStyle(QCPScatterStyle::ssCross, QPen(theme.color(Role::bad), 1.6), Qt::NoBrush, 6));
}

void PlotCanvas::set_curves(const std::vector<Curve>& curves, XAxis axis) {
  ensure_layers(curves.size());
  constexpr double kGap = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const Curve& curve = curves[i];
    QVector<QCPGraphData> low, high, line, odd;
    low.reserve(static_cast<qsizetype>(curve.columns.size()));
    high.reserve(low.capacity());
    line.reserve(low.capacity());
    bool band = false;
    for (const CurveColumn& column : curve.columns) {
      const double x = x_of(column, axis);
      const bool finite = column.count > column.non_finite;
      low.append({x, finite ? column.minimum : kGap});
      high.append({x, finite ? column.maximum : kGap});
      line.append({x, std::isfinite(column.line) ? column.line : kGap});
      band = band || (finite && column.maximum > column.minimum);
      if (column.non_finite > 0) odd.append({x, 0});
    }
    Layers& layers = layers_[i];
    layers.colour = curve.colour;
    layers.low->data()->set(low, true);
    layers.high->data()->set(high, true);
    layers.high->setVisible(band);
    layers.low->setVisible(band);
    layers.line->data()->set(line, true);
    layers.odd->data()->set(odd, true);
    style(layers);
    const bool lonely = line.size() == 1;
    layers.line->setScatterStyle(lonely ? QCPScatterStyle(QCPScatterStyle::ssDisc, 5) : QCPScatterStyle::ssNone);
  }
  place_odd();
}

// Crosses for values that are not finite stand along the upper edge, wherever that is.
void PlotCanvas::place_odd() {
  for (Layers& layers : layers_)
    for (auto point = layers.odd->data()->begin(); point != layers.odd->data()->end(); ++point)
      point->value = yAxis->range().upper - yAxis->range().size() * 0.04;
}

void PlotCanvas::set_markers(const std::vector<PlotMarker>& markers, XAxis axis) {
  for (auto* item : marker_lines_) removeItem(item);
  marker_lines_.clear();
  markers_ = markers;
  for (const PlotMarker& marker : markers_) {
    const double x = axis == XAxis::step ? marker.step : marker.seconds;
    auto* line = new QCPItemStraightLine(this);
    line->point1->setCoords(x, yAxis->range().lower);
    line->point2->setCoords(x, yAxis->range().upper);
    line->setVisible(!empty_->visible());
    marker_lines_.push_back(line);
  }
  apply_theme();
}

// Anew for every layout: what lies over what depends on the range and the width.
void PlotCanvas::place_marker_texts() {
  const QFont font = xAxis->tickLabelFont();
  const QFontMetrics metrics(font);
  std::vector<MarkedPlace> places;
  for (std::size_t i = 0; i < markers_.size() && !empty_->visible(); ++i)
    places.push_back({xAxis->coordToPixel(marker_lines_[i]->point1->key()), markers_[i].text});
  const std::vector<MarkerLabel> labels =
      marker_labels(std::move(places), axisRect()->left(), axisRect()->right(),
                    [&](const QString& text) { return metrics.horizontalAdvance(text) + 2 * kMarkerPadding; });
  for (; marker_texts_.size() > labels.size(); marker_texts_.pop_back()) removeItem(marker_texts_.back());
  while (marker_texts_.size() < labels.size()) {
    auto* text = new QCPItemText(this);
    text->position->setTypeX(QCPItemPosition::ptAbsolute);
    text->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
    text->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
    text->setPadding(QMargins(kMarkerPadding, 1, kMarkerPadding, 1));
    marker_texts_.push_back(text);
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    marker_texts_[i]->position->setCoords(labels[i].left, 0.0);
    marker_texts_[i]->setText(labels[i].text);
    marker_texts_[i]->setFont(font);
    marker_texts_[i]->setColor(current_theme().color(Role::muted));
    marker_texts_[i]->setBrush(current_theme().color(Role::surface));
  }
}

void PlotCanvas::set_x_range(double from, double to) {
  if (to > from)
    xAxis->setRange(from, to);
  else
    xAxis->setRange(from - 0.5, from + 0.5);
}

void PlotCanvas::set_y_range(double from, double to) {
  yAxis->setRange(from, to);
  for (auto* line : marker_lines_) {
    line->point1->setCoords(line->point1->key(), from);
    line->point2->setCoords(line->point2->key(), to);
  }
  place_odd();
}

void PlotCanvas::set_logarithmic(bool on) {
  yAxis->setScaleType(on ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
  if (on)
    yAxis->setTicker(QSharedPointer<LogTicker>::create());
  else if (percent_)
    yAxis->setTicker(QSharedPointer<PercentTicker>::create());
  else
    yAxis->setTicker(QSharedPointer<ValueTicker>::create());
  yAxis->ticker()->setTickCount(4);
}

void PlotCanvas::set_percent(bool on) {
  percent_ = on;
  set_logarithmic(yAxis->scaleType() == QCPAxis::stLogarithmic);
}

void PlotCanvas::set_time_axis(bool on) {
  if (on == time_axis_) return;
  time_axis_ = on;
  if (on)
    xAxis->setTicker(QSharedPointer<SecondsTicker>::create());
  else
    xAxis->setTicker(QSharedPointer<ValueTicker>::create());
  xAxis->ticker()->setTickCount(6);
}

void PlotCanvas::set_cursor(std::optional<double> x) {
  cursor_->setVisible(x.has_value());
  if (!x) return;
  cursor_->point1->setCoords(*x, yAxis->range().lower);
  cursor_->point2->setCoords(*x, yAxis->range().upper);
}

void PlotCanvas::set_empty_text(const QString& text) {
  const bool empty = !text.isEmpty();
  empty_text_ = text;
  fit_empty_text();
  empty_->setVisible(empty);
  for (auto* line : marker_lines_) line->setVisible(!empty);
  for (QCPAxis* axis : {xAxis, yAxis}) axis->setTickLabels(!empty);
  yAxis->grid()->setVisible(!empty);
}

// Broken into lines where the plot is narrow.
void PlotCanvas::fit_empty_text() {
  const QFontMetrics metrics(empty_->font());
  const int room = std::max(80, width() - 80);
  QString text, line;
  for (const QString& word : empty_text_.split(u' ')) {
    const QString longer = line.isEmpty() ? word : line + u' ' + word;
    if (!line.isEmpty() && metrics.horizontalAdvance(longer) > room) {
      text += line + u'\n';
      line = word;
    } else {
      line = longer;
    }
  }
  empty_->setText(text + line);
}

void PlotCanvas::apply_theme() {
  const Theme& theme = current_theme();
  const QFont small = tabular_font(scaled(QGuiApplication::font(), 0.82));
  setBackground(QBrush(theme.color(Role::surface)));
  for (QCPAxis* axis : {xAxis, yAxis}) {
    axis->setBasePen(axis == xAxis ? QPen(theme.color(Role::border)) : QPen(Qt::NoPen));
    axis->setTickPen(Qt::NoPen);
    axis->setTickLabelFont(small);
    axis->setTickLabelColor(theme.color(Role::muted));
    axis->grid()->setPen(QPen(theme.color(Role::grid), 1));
  }
  cursor_->setPen(QPen(theme.color(Role::muted), 1, Qt::DashLine));
  QColor tint = theme.color(Role::accent);
  tint.setAlphaF(0.15F);
  band_->setBrush(tint);
  band_->setPen(QPen(theme.color(Role::accent), 1));
  empty_->setColor(theme.color(Role::muted));
  empty_->setFont(scaled(QGuiApplication::font(), 0.95));
  for (auto* line : marker_lines_) line->setPen(QPen(theme.color(Role::border), 1, Qt::DotLine));
  for (Layers& layers : layers_) style(layers);
}

double PlotCanvas::x_at(double pixel) const { return xAxis->pixelToCoord(pixel); }
int PlotCanvas::plot_width() const { return axisRect()->width(); }

bool PlotCanvas::save(const QString& file, int width, int height) {
  if (file.endsWith(u".pdf"_s, Qt::CaseInsensitive)) return savePdf(file, width, height);
  return savePng(file, width, height, 2.0);
}

void PlotCanvas::mousePressEvent(QMouseEvent* event) {
  if (event->button() == Qt::LeftButton && !empty_->visible()) drag_from_ = x_at(event->position().x());
  event->ignore();  // the plot around takes the focus
}

void PlotCanvas::mouseMoveEvent(QMouseEvent* event) {
  const double x = x_at(event->position().x());
  if (drag_from_) {
    band_->topLeft->setCoords(*drag_from_, 0);
    band_->bottomRight->setCoords(x, 1);
    band_->setVisible(true);
    replot(QCustomPlot::rpQueuedReplot);
  }
  if (!empty_->visible()) Q_EMIT cursor_requested(x);
}

void PlotCanvas::mouseReleaseEvent(QMouseEvent* event) {
  if (!drag_from_) return;
  const double from = *drag_from_;
  const double to = x_at(event->position().x());
  drag_from_.reset();
  band_->setVisible(false);
  replot(QCustomPlot::rpQueuedReplot);
  if (std::abs(xAxis->coordToPixel(to) - xAxis->coordToPixel(from)) > 6)
    Q_EMIT zoom_requested(std::min(from, to), std::max(from, to));
}

void PlotCanvas::mouseDoubleClickEvent(QMouseEvent*) {
  drag_from_.reset();
  Q_EMIT reset_requested();
}

void PlotCanvas::wheelEvent(QWheelEvent* event) {
  // Plain wheels scroll the page; with Control they zoom.
  if (!(event->modifiers() & Qt::ControlModifier)) {
    event->ignore();
    return;
  }
  Q_EMIT wheel_zoom_requested(x_at(event->position().x()), event->angleDelta().y() > 0 ? 0.8 : 1.25);
  event->accept();
}

void PlotCanvas::leaveEvent(QEvent*) { Q_EMIT cursor_left(); }

void PlotCanvas::resizeEvent(QResizeEvent* event) {
  QCustomPlot::resizeEvent(event);
  const bool narrow = event->size().width() < 320;
  xAxis->ticker()->setTickCount(narrow ? 4 : 6);
  fit_empty_text();
}

}  // namespace athanor::widgets
