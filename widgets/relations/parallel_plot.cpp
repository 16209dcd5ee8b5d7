#include "widgets/relations/parallel_plot.h"

#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <utility>

namespace athanor::widgets {
namespace {

constexpr int kTop = 40;     // for titles
constexpr int kBottom = 14;  // below the axes
constexpr int kSide = 72;    // left and right of the outermost axes
constexpr int kTextRow = 18;
constexpr double kGrip = 12;  // pixels around an axis that belong to it
constexpr double kReach = 6;  // pixels around a line
constexpr double kSnap = 0.02;
constexpr double kStep = 0.1;   // that keys keep less of an axis
constexpr double kFewest = 24;  // lines that are drawn with all their colour

double distance(QPointF p, QPointF a, QPointF b) {
  const QPointF ab = b - a;
  const double length = QPointF::dotProduct(ab, ab);
  const double t = length > 0 ? std::clamp(QPointF::dotProduct(p - a, ab) / length, 0.0, 1.0) : 0;
  const QPointF off = p - (a + t * ab);
  return std::hypot(off.x(), off.y());
}

}  // namespace

ParallelPlot::ParallelPlot(QWidget* parent) : QWidget(parent) {
  announce_painted_items();
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setAccessibleName(tr("Parallel coordinates"));
}

void ParallelPlot::show(std::vector<Thing> things, std::vector<Quantity> axes) {
  std::vector<Axis> before = std::exchange(axes_, {});
  things_ = std::move(things);
  for (Quantity& quantity : axes) {
    Axis axis{std::move(quantity), {}, {}};
    const auto extent = extent_of(axis.quantity);
    for (const double value : axis.quantity.values) axis.places.push_back(place_of(axis.quantity, extent, value));
    const auto same =
        std::ranges::find(before, axis.quantity.title, [](const Axis& old) { return old.quantity.title; });
    if (same != before.end()) axis.range = same->range;
    axes_.push_back(std::move(axis));
  }
  at_ = std::min(at_, axes_.empty() ? 0 : axes_.size() - 1);
  lines_ = {};
  update();
}

std::optional<std::size_t> ParallelPlot::index_of(std::int64_t id) const {
  const auto found = std::ranges::find(things_, id, &Thing::id);
  return found == things_.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - things_.begin()));
}

void ParallelPlot::set_current(std::int64_t id) {
  if (id == current_) return;
  current_ = id;
  update();
}

std::vector<bool> ParallelPlot::kept() const {
  std::vector<bool> kept(things_.size(), true);
  for (const Axis& axis : axes_) {
    if (!axis.range) continue;
    for (std::size_t i = 0; i < things_.size(); ++i)
      if (!(axis.places[i] >= axis.range->first && axis.places[i] <= axis.range->second)) kept[i] = false;
  }
  return kept;
}

void ParallelPlot::keep(std::size_t axis, std::optional<std::pair<double, double>> places) {
  if (axis >= axes_.size() || axes_[axis].range == places) return;
  axes_[axis].range = places;
  lines_ = {};
  update();
  Q_EMIT kept_changed();
}

QSize ParallelPlot::sizeHint() const { return {720, 300}; }
QSize ParallelPlot::minimumSizeHint() const { return {320, 200}; }

QString ParallelPlot::painted_value() const {
  const auto all = kept();
  return tr("%1 of %2 lines").arg(std::ranges::count(all, true)).arg(all.size());
}

std::vector<PaintedItem> ParallelPlot::painted_items() const {
  std::vector<PaintedItem> items;
  const auto current = index_of(current_);
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    const Axis& axis = axes_[i];
    const auto texts = axis_texts(axis.quantity, 2);
    QString value = texts.empty() ? QString() : tr("from %1 to %2").arg(texts.front().text, texts.back().text);
    if (current && *current < axis.quantity.texts.size())
      value = tr("%1: %2").arg(things_[*current].name, axis.quantity.texts[*current]);
    const QRectF box(x_of(i) - kGrip, 0, 2 * kGrip, height());
    items.push_back({axis.quantity.title, value, box.toRect(), QAccessible::Grouping, i == at_});
  }
  return items;
}

QRectF ParallelPlot::field() const { return QRectF(rect()).adjusted(kSide, kTop, -kSide, -kBottom); }

double ParallelPlot::x_of(std::size_t axis) const {
  const QRectF box = field();
  if (axes_.size() < 2) return box.center().x();
  return box.left() + box.width() * static_cast<double>(axis) / static_cast<double>(axes_.size() - 1);
}

double ParallelPlot::y_of(double place) const { return field().bottom() - place * field().height(); }
// Next to an end it is the end.
double ParallelPlot::place_at(double y) const {
  const double place = (field().bottom() - y) / std::max(1.0, field().height());
  return place < kSnap ? 0 : place > 1 - kSnap ? 1 : place;
}

std::optional<std::size_t> ParallelPlot::axis_near(double x) const {
  for (std::size_t i = 0; i < axes_.size(); ++i)
    if (std::abs(x_of(i) - x) <= kGrip) return i;
  return std::nullopt;
}

std::vector<QPolygonF> ParallelPlot::pieces_of(std::size_t thing) const {
  std::vector<QPolygonF> pieces(1);
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    if (std::isnan(axes_[i].places[thing])) {
      if (!pieces.back().isEmpty()) pieces.emplace_back();
      continue;
    }
    pieces.back() << QPointF(x_of(i), y_of(axes_[i].places[thing]));
  }
  if (pieces.back().isEmpty()) pieces.pop_back();
  return pieces;
}

std::optional<std::size_t> ParallelPlot::thing_near(QPointF place) const {
  std::optional<std::size_t> found;
  double nearest = kReach;
  const auto kept_ones = kept();
  for (std::size_t i = 0; i < things_.size(); ++i) {
    if (!kept_ones[i]) continue;
    for (const QPolygonF& piece : pieces_of(i))
      for (qsizetype p = 1; p < piece.size(); ++p)
        if (const double off = distance(place, piece[p - 1], piece[p]); off < nearest) {
          nearest = off;
          found = i;
        }
  }
  return found;
}

void ParallelPlot::paint_line(QPainter& painter, std::size_t thing, const QColor& color, double width) const {
  painter.setPen(QPen(color, width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  for (const QPolygonF& piece : pieces_of(thing)) {
    painter.drawPolyline(piece);
    if (piece.size() == 1) painter.drawEllipse(piece.front(), 2, 2);
  }
}

// What is kept above what is not; of many each takes less colour, so that where most run is seen.
void ParallelPlot::draw_lines() {
  const Theme& theme = current_theme();
  lines_ = QPixmap(size() * devicePixelRatioF());
  lines_.setDevicePixelRatio(devicePixelRatioF());
  lines_.fill(Qt::transparent);
  QPainter painter(&lines_);
  painter.setRenderHint(QPainter::Antialiasing);
  const auto kept_ones = kept();
  const auto count = static_cast<double>(std::ranges::count(kept_ones, true));
  const double share = std::clamp(std::sqrt(kFewest / std::max(1.0, count)), 0.12, 1.0);
  for (const bool pass : {false, true}) {
    for (std::size_t i = 0; i < things_.size(); ++i) {
      if (kept_ones[i] != pass) continue;
      QColor color = pass ? tone_color(theme, things_[i].tone) : theme.color(Role::grid);
      color.setAlphaF(static_cast<float>(pass ? share : 0.6 * share));
      paint_line(painter, i, color, 1.4);
    }
  }
  for (std::size_t i = 0; i < things_.size(); ++i)
    if (things_[i].is_marked && kept_ones[i]) paint_line(painter, i, theme.color(Role::text), 2);
}

void ParallelPlot::paint_axis(QPainter& painter, std::size_t number) const {
  const Theme& theme = current_theme();
  const Axis& axis = axes_[number];
  const double x = x_of(number);
  const QRectF box = field();
  const bool is_at = hasFocus() && number == at_;
  painter.setPen(QPen(theme.color(is_at ? Role::accent : Role::muted), is_at ? 2 : 1));
  painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()));
  const double room = axes_.size() < 2 ? box.width() : box.width() / static_cast<double>(axes_.size() - 1);
  painter.setFont(scaled(font(), 0.92, QFont::DemiBold));
  painter.setPen(theme.color(Role::text));
  paint_elided(painter, QRectF(x - room / 2 + 4, 6, room - 8, 20), Qt::AlignHCenter | Qt::AlignVCenter,
               axis.quantity.title);
  painter.setFont(tabular_font(scaled(font(), 0.82)));
  const auto most = static_cast<std::size_t>(std::max(2.0, box.height() / (2 * kTextRow)));
  const bool at_left = number + 1 == axes_.size();  // the last one has its words outside
  for (const AxisText& text : axis_texts(axis.quantity, most)) {
    const double y = y_of(text.place);
    const double width = painter.fontMetrics().horizontalAdvance(text.text) + 8;
    const QRectF words(at_left ? x + 6 : x - 6 - width, y - kTextRow / 2.0, width, kTextRow);
    QColor ground = theme.color(Role::surface);
    ground.setAlphaF(0.75F);
    painter.fillRect(words, ground);
    painter.setPen(theme.color(Role::muted));
    painter.drawText(words, Qt::AlignCenter, text.text);
    painter.drawLine(QPointF(x - 3, y), QPointF(x + 3, y));
  }
  if (!axis.range) return;
  QColor held = theme.color(Role::accent);
  painter.setPen(QPen(held, 1));
  held.setAlphaF(0.25F);
  painter.setBrush(held);
  painter.drawRoundedRect(QRectF(QPointF(x - 6, y_of(axis.range->second)), QPointF(x + 6, y_of(axis.range->first))), 3,
                          3);
  painter.setBrush(Qt::NoBrush);
}

void ParallelPlot::paintEvent(QPaintEvent*) {
  if (axes_.empty()) return;
  if (lines_.isNull()) draw_lines();
  QPainter painter(this);
  painter.drawPixmap(0, 0, lines_);
  painter.setRenderHint(QPainter::Antialiasing);
  if (const auto current = index_of(current_))
    paint_line(painter, *current, tone_color(current_theme(), things_[*current].tone), 3.5);
  for (std::size_t i = 0; i < axes_.size(); ++i) paint_axis(painter, i);
}

void ParallelPlot::resizeEvent(QResizeEvent*) { lines_ = {}; }

void ParallelPlot::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() != QEvent::PaletteChange && event->type() != QEvent::FontChange) return;
  lines_ = {};
  update();
}

void ParallelPlot::mousePressEvent(QMouseEvent* event) {
  dragged_ = axis_near(event->position().x());
  has_moved_ = false;
  drag_from_ = place_at(event->position().y());
  if (dragged_) at_ = *dragged_;
  update();
}

void ParallelPlot::mouseMoveEvent(QMouseEvent* event) {
  if (dragged_ && event->buttons().testFlag(Qt::LeftButton)) {
    has_moved_ = true;
    const double to = place_at(event->position().y());
    keep(*dragged_, std::minmax(drag_from_, to));
    return;
  }
  setCursor(axis_near(event->position().x()) ? Qt::SplitVCursor : Qt::ArrowCursor);
  point_at(thing_near(event->position()));
}

void ParallelPlot::mouseReleaseEvent(QMouseEvent* event) {
  if (dragged_ && !has_moved_)
    keep(*dragged_, std::nullopt);
  else if (!dragged_)
    if (const auto thing = thing_near(event->position())) Q_EMIT chosen(things_[*thing].id);
  dragged_.reset();
}

void ParallelPlot::leaveEvent(QEvent* event) {
  point_at(std::nullopt);
  QWidget::leaveEvent(event);
}

void ParallelPlot::point_at(std::optional<std::size_t> thing) {
  const std::int64_t id = thing ? things_[*thing].id : -1;
  if (id == current_) return;
  set_current(id);
  setToolTip(thing ? things_[*thing].name : QString());
  Q_EMIT hovered(id);
}

// By their places on the axis that keys are at.
void ParallelPlot::go_to_line(bool up) {
  if (axes_.empty()) return;
  const auto& places = axes_[at_].places;
  const auto kept_ones = kept();
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < things_.size(); ++i)
    if (kept_ones[i] && !std::isnan(places[i])) order.push_back(i);
  if (order.empty()) return;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return places[i]; });
  const auto current = index_of(current_);
  const auto here = current ? std::ranges::find(order, *current) : order.end();
  if (here == order.end()) return point_at(up ? order.front() : order.back());
  if (up && here + 1 != order.end()) point_at(*(here + 1));
  if (!up && here != order.begin()) point_at(*(here - 1));
}

void ParallelPlot::narrow(bool from_below) {
  if (axes_.empty()) return;
  auto [low, high] = axes_[at_].range.value_or(std::pair(0.0, 1.0));
  if (high - low <= kStep) return;
  from_below ? low += kStep : high -= kStep;
  keep(at_, std::pair(low, high));
}

void ParallelPlot::keyPressEvent(QKeyEvent* event) {
  const bool shift = event->modifiers().testFlag(Qt::ShiftModifier);
  switch (event->key()) {
    case Qt::Key_Left: at_ = at_ > 0 ? at_ - 1 : 0; break;
    case Qt::Key_Right: at_ = std::min(at_ + 1, axes_.empty() ? 0 : axes_.size() - 1); break;
    case Qt::Key_Up: shift ? narrow(true) : go_to_line(true); break;
    case Qt::Key_Down: shift ? narrow(false) : go_to_line(false); break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (index_of(current_)) Q_EMIT chosen(current_);
      break;
    case Qt::Key_Delete:
    case Qt::Key_Backspace: keep(at_, std::nullopt); break;
    default: QWidget::keyPressEvent(event); return;
  }
  update();
}

}  // namespace athanor::widgets
