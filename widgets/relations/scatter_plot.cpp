#include "widgets/relations/scatter_plot.h"

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

constexpr int kLeft = 64, kTop = 26, kRight = 18, kBottom = 40;
constexpr int kTextRow = 18;
constexpr double kDot = 4;
constexpr double kReach = 12;
constexpr double kInset = 8;  // of dots at the ends from the frame

}  // namespace

ScatterPlot::ScatterPlot(QWidget* parent) : QWidget(parent) {
  announce_painted_items();
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setAccessibleName(tr("Scatter plot"));
}

void ScatterPlot::show(std::vector<Thing> things, Quantity x, Quantity y, std::vector<bool> kept) {
  things_ = std::move(things);
  x_ = std::move(x);
  y_ = std::move(y);
  kept_ = std::move(kept);
  kept_.resize(things_.size(), true);
  update();
}

void ScatterPlot::set_current(std::int64_t id) {
  if (id == current_) return;
  current_ = id;
  update();
}

QSize ScatterPlot::sizeHint() const { return {420, 280}; }
QSize ScatterPlot::minimumSizeHint() const { return {240, 180}; }

QString ScatterPlot::painted_value() const { return tr("%1 over %2").arg(y_.title, x_.title); }

std::optional<std::size_t> ScatterPlot::index_of(std::int64_t id) const {
  const auto found = std::ranges::find(things_, id, &Thing::id);
  return found == things_.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - things_.begin()));
}

QString ScatterPlot::words_of(std::size_t thing) const {
  const auto text = [thing](const Quantity& quantity) {
    return thing < quantity.texts.size() ? quantity.texts[thing] : number_text(quantity.values[thing]);
  };
  return tr("%1, %2 %3").arg(text(y_), x_.title, text(x_));
}

std::vector<PaintedItem> ScatterPlot::painted_items() const {
  std::vector<PaintedItem> items;
  for (std::size_t i = 0; i < things_.size(); ++i)
    if (const auto dot = dot_of(i))
      items.push_back({things_[i].name, words_of(i),
                       QRectF(dot->x() - kDot, dot->y() - kDot, 2 * kDot, 2 * kDot).toRect(), QAccessible::ListItem,
                       things_[i].id == current_});
  return items;
}

QRectF ScatterPlot::field() const { return QRectF(rect()).adjusted(kLeft, kTop, -kRight, -kBottom); }

std::optional<QPointF> ScatterPlot::dot_of(std::size_t thing) const {
  if (!x_.is_known(thing) || !y_.is_known(thing)) return std::nullopt;
  const QRectF box = field().adjusted(kInset, kInset, -kInset, -kInset);
  return QPointF(box.left() + box.width() * place_of(x_, extent_of(x_), x_.values[thing]),
                 box.bottom() - box.height() * place_of(y_, extent_of(y_), y_.values[thing]));
}

std::optional<std::size_t> ScatterPlot::thing_near(QPointF place) const {
  std::optional<std::size_t> found;
  double nearest = kReach;
  for (std::size_t i = 0; i < things_.size(); ++i) {
    const auto dot = kept_[i] ? dot_of(i) : std::nullopt;
    if (!dot) continue;
    const double off = std::hypot(dot->x() - place.x(), dot->y() - place.y());
    if (off >= nearest) continue;
    nearest = off;
    found = i;
  }
  return found;
}

void ScatterPlot::paint_axes(QPainter& painter) const {
  const Theme& theme = current_theme();
  const QRectF box = field();
  const QRectF inner = box.adjusted(kInset, kInset, -kInset, -kInset);
  painter.setFont(tabular_font(scaled(font(), 0.85)));
  const auto most = [](double pixels, double each) { return static_cast<std::size_t>(std::max(2.0, pixels / each)); };
  for (const AxisText& text : axis_texts(y_, most(box.height(), 2 * kTextRow))) {
    const double y = inner.bottom() - text.place * inner.height();
    painter.setPen(theme.color(Role::grid));
    painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y));
    painter.setPen(theme.color(Role::muted));
    paint_elided(painter, QRectF(0, y - kTextRow / 2.0, kLeft - 8, kTextRow), Qt::AlignRight | Qt::AlignVCenter,
                 text.text);
  }
  for (const AxisText& text : axis_texts(x_, most(box.width(), 90))) {
    const double x = inner.left() + text.place * inner.width();
    painter.setPen(theme.color(Role::grid));
    painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()));
    painter.setPen(theme.color(Role::muted));
    painter.drawText(QRectF(x - 60, box.bottom() + 4, 120, kTextRow), Qt::AlignHCenter | Qt::AlignTop, text.text);
  }
  painter.setPen(theme.color(Role::text));
  painter.setFont(scaled(font(), 0.92, QFont::DemiBold));
  paint_elided(painter, QRectF(8, 4, width() - 16, 20), Qt::AlignLeft | Qt::AlignVCenter, y_.title);
  paint_elided(painter, QRectF(box.left(), height() - 20, box.width(), 18), Qt::AlignRight | Qt::AlignVCenter,
               x_.title);
}

void ScatterPlot::paintEvent(QPaintEvent*) {
  const Theme& theme = current_theme();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  paint_axes(painter);
  for (const bool pass : {false, true}) {
    for (std::size_t i = 0; i < things_.size(); ++i) {
      const auto dot = kept_[i] == pass ? dot_of(i) : std::nullopt;
      if (!dot) continue;
      QColor fill = pass ? tone_color(theme, things_[i].tone) : theme.color(Role::grid);
      fill.setAlphaF(pass ? 0.75F : 0.5F);
      painter.setPen(things_[i].is_marked ? QPen(theme.color(Role::text), 2) : QPen(theme.color(Role::surface), 1));
      painter.setBrush(fill);
      painter.drawEllipse(*dot, kDot, kDot);
    }
  }
  const auto current = index_of(current_);
  const auto dot = current ? dot_of(*current) : std::nullopt;
  if (!dot) return;
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(theme.color(Role::accent), 2));
  painter.drawEllipse(*dot, kDot + 3, kDot + 3);
  painter.setFont(font());
  const QString words = things_[*current].name + QStringLiteral("  ") + words_of(*current);
  const double width = painter.fontMetrics().horizontalAdvance(words) + 16;
  const double left = std::clamp(dot->x() - width / 2, 4.0, std::max(4.0, this->width() - width - 4));
  const double top = dot->y() > 44 ? dot->y() - 36 : dot->y() + 14;
  paint_card(painter, QRectF(left, top, width, 24), theme.color(Role::raised), theme.color(Role::border), 4);
  painter.setPen(theme.color(Role::text));
  painter.drawText(QRectF(left, top, width, 24), Qt::AlignCenter, words);
}

void ScatterPlot::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) update();
}

void ScatterPlot::mouseMoveEvent(QMouseEvent* event) { point_at(thing_near(event->position())); }

void ScatterPlot::mouseReleaseEvent(QMouseEvent* event) {
  if (const auto thing = thing_near(event->position())) Q_EMIT chosen(things_[*thing].id);
}

void ScatterPlot::leaveEvent(QEvent* event) {
  point_at(std::nullopt);
  QWidget::leaveEvent(event);
}

void ScatterPlot::point_at(std::optional<std::size_t> thing) {
  const std::int64_t id = thing ? things_[*thing].id : -1;
  if (id == current_) return;
  set_current(id);
  Q_EMIT hovered(id);
}

void ScatterPlot::step(const Quantity& along, int by) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < things_.size(); ++i)
    if (kept_[i] && dot_of(i)) order.push_back(i);
  if (order.empty()) return;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return along.values[i]; });
  const auto current = index_of(current_);
  const auto here = current ? std::ranges::find(order, *current) : order.end();
  if (here == order.end()) return point_at(by > 0 ? order.front() : order.back());
  const auto next = std::clamp<std::ptrdiff_t>(here - order.begin() + by, 0, std::ssize(order) - 1);
  point_at(order[static_cast<std::size_t>(next)]);
}

void ScatterPlot::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Left: return step(x_, -1);
    case Qt::Key_Right: return step(x_, 1);
    case Qt::Key_Up: return step(y_, 1);
    case Qt::Key_Down: return step(y_, -1);
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (index_of(current_)) Q_EMIT chosen(current_);
      return;
    default: QWidget::keyPressEvent(event);
  }
}

}  // namespace athanor::widgets
