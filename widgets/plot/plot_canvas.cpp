#include "widgets/plot/plot_canvas.h"

#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/marker_labels.h"
#include "widgets/parts/text_paint.h"
#include "widgets/plot/axis_tickers.h"
#include "widgets/plot/envelope/pick.h"

#include <cmath>
#include <utility>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;
constexpr int kMarkerPadding = 3;
constexpr int kNarrow = 320;
constexpr double kReach = 12;  // pixels from which a curve is pointed at
constexpr double kClick = 6;   // pixels up to which a drag is a click

QCPRange range_of(std::pair<double, double> ends) {
  return ends.second > ends.first ? QCPRange(ends.first, ends.second) : QCPRange(ends.first - 0.5, ends.first + 0.5);
}

}  // namespace

PlotCanvas::PlotCanvas(QWidget* parent) : QCustomPlot(parent) {
  setFocusPolicy(Qt::NoFocus);
  setMouseTracking(true);
  setAttribute(Qt::WA_NoMousePropagation, false);  // QCustomPlot keeps wheels to itself that the page is to scroll by
  setMinimumHeight(96);
  build_axes();
  graph_ = new EnvelopeGraph(xAxis, yAxis);
  highlight_ = new HighlightGraph(xAxis, yAxis, graph_);
  highlight_->setLayer(u"overlay"_s);  // which is drawn by itself
  connect(graph_, &EnvelopeGraph::arrived, this, &PlotCanvas::show_arrived);
  build_items();
  connect(this, &QCustomPlot::afterLayout, this, [this] { place_marker_texts(); });
  apply_theme(current_theme());
}

void PlotCanvas::build_axes() {
  // As wide as the widest number beside the axis wants it; plots side by side mostly agree.
  axisRect()->setAutoMargins(QCP::msLeft);
  axisRect()->setMinimumMargins(QMargins(46, 0, 0, 0));
  axisRect()->setMargins(QMargins(46, 6, 10, 22));
  for (QCPAxis* axis : {xAxis, yAxis}) {
    axis->setTickLength(1, 0);  // unseen: those without a length become dots in documents
    axis->setSubTicks(false);
    axis->setTickLabelPadding(6);
    axis->grid()->setZeroLinePen(Qt::NoPen);
  }
  xAxis->grid()->setVisible(false);
  choose_tickers();
}

void PlotCanvas::build_items() {
  cursor_ = new QCPItemStraightLine(this);
  cursor_->setVisible(false);
  cursor_->setClipToAxisRect(true);
  cursor_->setLayer(u"overlay"_s);
  band_ = new QCPItemRect(this);
  band_->setVisible(false);
  band_->setLayer(u"overlay"_s);
  for (QCPItemPosition* corner : {band_->topLeft, band_->bottomRight}) {
    corner->setTypeX(QCPItemPosition::ptPlotCoords);
    corner->setTypeY(QCPItemPosition::ptAxisRectRatio);
  }
  empty_ = new QCPItemText(this);
  empty_->position->setType(QCPItemPosition::ptAxisRectRatio);
  empty_->position->setCoords(0.47, 0.5);
  empty_->setTextAlignment(Qt::AlignCenter);
  empty_->setVisible(false);
}

void PlotCanvas::choose_tickers() {
  const bool logarithmic_x = xAxis->scaleType() == QCPAxis::stLogarithmic;
  xAxis->setTicker(x_ticker(axis_, logarithmic_x, width() < kNarrow));
  yAxis->setTicker(value_ticker(yAxis->scaleType() == QCPAxis::stLogarithmic, percent_));
}

void PlotCanvas::set_curves(const std::vector<Curve>& curves, XAxis axis) {
  graph_->set_curves(curves, axis);
  if (axis == axis_) return;
  axis_ = axis;
  choose_tickers();
}

void PlotCanvas::set_markers(const std::vector<PlotMarker>& markers, XAxis axis) {
  for (auto* item : marker_lines_) removeItem(item);
  marker_lines_.clear();
  markers_.clear();
  for (const PlotMarker& marker : markers) {
    const std::optional<double> x = x_of(marker, axis);
    if (!x) continue;
    markers_.push_back(marker);
    auto* line = new QCPItemStraightLine(this);
    line->point1->setCoords(*x, yAxis->range().lower);
    line->point2->setCoords(*x, yAxis->range().upper);
    line->setVisible(!is_empty());
    line->setPen(QPen(theme_->color(Role::border), 1, Qt::DotLine));
    marker_lines_.push_back(line);
  }
}

// Anew for every layout: what lies over what depends on the range and the width.
void PlotCanvas::place_marker_texts() {
  const QFont font = xAxis->tickLabelFont();
  const QFontMetrics metrics(font);
  std::vector<MarkedPlace> places;
  for (std::size_t i = 0; i < markers_.size() && !is_empty(); ++i)
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
    marker_texts_[i]->setColor(theme_->color(Role::muted));
    marker_texts_[i]->setBrush(theme_->color(Role::surface));
  }
}

void PlotCanvas::show_ranges(std::pair<double, double> x, std::pair<double, double> y, bool at_once) {
  wanted_x_ = range_of(x);
  wanted_y_ = QCPRange(y.first, y.second);
  graph_->forget_ahead();
  if (!at_once && graph_->has_picture() && graph_->is_heavy() && axisRect()->width() > 0) {
    graph_->ask_ahead(graph_->frame_of(wanted_x_, wanted_y_));
    if (graph_->is_ahead()) return;
  }
  set_axes(wanted_x_, wanted_y_);
  replot(QCustomPlot::rpQueuedReplot);
}

void PlotCanvas::set_axes(const QCPRange& x, const QCPRange& y) {
  xAxis->setRange(x);
  yAxis->setRange(y);
  for (auto* line : marker_lines_) {
    line->point1->setCoords(line->point1->key(), y.lower);
    line->point2->setCoords(line->point2->key(), y.upper);
  }
}

void PlotCanvas::show_arrived() {
  if (graph_->is_ahead()) {
    const Frame& frame = graph_->picture_frame();
    set_axes({frame.x.first, frame.x.second}, {frame.y.first, frame.y.second});
  }
  replot(QCustomPlot::rpQueuedReplot);
}

void PlotCanvas::set_logarithmic(bool x, bool y) {
  xAxis->setScaleType(x ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
  yAxis->setScaleType(y ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
  choose_tickers();
}

void PlotCanvas::set_percent(bool on) {
  percent_ = on;
  choose_tickers();
}

void PlotCanvas::set_cursor(std::optional<double> x) {
  if (!x && !cursor_->visible()) return;
  cursor_->setVisible(x.has_value());
  if (x) {
    cursor_->point1->setCoords(*x, yAxis->range().lower);
    cursor_->point2->setCoords(*x, yAxis->range().upper);
  }
  layer(u"overlay"_s)->replot();
}

void PlotCanvas::set_highlighted(const std::vector<std::size_t>& which) {
  if (which == highlight_->highlighted()) return;
  highlight_->set_highlighted(which);
  layer(u"overlay"_s)->replot();
}

void PlotCanvas::set_empty_text(const QString& text) {
  if (text == empty_text_) return;
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

void PlotCanvas::apply_theme(const Theme& theme) {
  theme_ = &theme;
  const QFont small = tabular_font(scaled(QGuiApplication::font(), 0.82));
  setBackground(QBrush(theme.color(Role::surface)));
  for (QCPAxis* axis : {xAxis, yAxis}) {
    axis->setBasePen(axis == xAxis ? QPen(theme.color(Role::border), theme.hairline()) : QPen(Qt::NoPen));
    axis->setTickPen(Qt::NoPen);
    axis->setTickLabelFont(small);
    axis->setTickLabelColor(theme.color(Role::muted));
    // Where the grid is as clear as all else, dots keep it behind the curves.
    axis->grid()->setPen(QPen(theme.color(Role::grid), 1, theme.is_high_contrast() ? Qt::DotLine : Qt::SolidLine));
  }
  cursor_->setPen(QPen(theme.color(Role::muted), 1, Qt::DashLine));
  QColor tint = theme.color(Role::accent);
  tint.setAlphaF(0.15F);
  band_->setBrush(tint);
  band_->setPen(QPen(theme.color(Role::accent), 1));
  empty_->setColor(theme.color(Role::muted));
  empty_->setFont(scaled(QGuiApplication::font(), 0.95));
  for (auto* line : marker_lines_) line->setPen(QPen(theme.color(Role::border), 1, Qt::DotLine));
  graph_->set_theme(theme_);
  highlight_->set_theme(theme_);
}

void PlotCanvas::paint_into(QCPPainter& painter, const QRect& box, bool vectors) {
  graph_->forget_ahead();
  set_axes(wanted_x_, wanted_y_);
  painter.setMode(QCPPainter::pmVectorized, vectors);
  painter.translate(box.topLeft());
  const bool cursor = cursor_->visible();
  cursor_->setVisible(false);
  toPainter(&painter, box.width(), box.height());
  cursor_->setVisible(cursor);
  painter.translate(-box.topLeft());
}

int PlotCanvas::curve_at(QPointF place) const {
  if (is_empty() || !axisRect()->rect().contains(place.toPoint())) return -1;
  const auto found = curve_near(graph_->curves(), graph_->frame(), place - axisRect()->topLeft(), kReach);
  return found ? static_cast<int>(*found) : -1;
}

void PlotCanvas::mousePressEvent(QMouseEvent* event) {
  pressed_ = event->position();
  if (event->button() == Qt::LeftButton && !is_empty()) drag_from_ = x_at(event->position().x());
  event->ignore();  // the plot around takes the focus
}

void PlotCanvas::mouseMoveEvent(QMouseEvent* event) {
  const double x = x_at(event->position().x());
  if (drag_from_ && std::abs(event->position().x() - pressed_.x()) > kClick) {
    band_->topLeft->setCoords(*drag_from_, 0);
    band_->bottomRight->setCoords(x, 1);
    band_->setVisible(true);
    layer(u"overlay"_s)->replot();
  }
  if (is_empty()) return;
  if (!drag_from_) Q_EMIT pointed_at(curve_at(event->position()));
  Q_EMIT cursor_requested(x);
}

void PlotCanvas::mouseReleaseEvent(QMouseEvent* event) {
  if (!drag_from_) return;
  const double from = *drag_from_;
  const double to = x_at(event->position().x());
  drag_from_.reset();
  if (band_->visible()) {
    band_->setVisible(false);
    layer(u"overlay"_s)->replot();
  }
  if (std::abs(xAxis->coordToPixel(to) - xAxis->coordToPixel(from)) > kClick)
    Q_EMIT zoom_requested(std::min(from, to), std::max(from, to));
  else if (const int curve = curve_at(event->position()); curve >= 0)
    Q_EMIT clicked_on(curve);
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

void PlotCanvas::leaveEvent(QEvent*) {
  Q_EMIT pointed_at(-1);
  Q_EMIT cursor_left();
}

void PlotCanvas::resizeEvent(QResizeEvent* event) {
  QCustomPlot::resizeEvent(event);
  if ((event->size().width() < kNarrow) != (event->oldSize().width() < kNarrow)) choose_tickers();
  fit_empty_text();
  Q_EMIT resized();
}

}  // namespace athanor::widgets
