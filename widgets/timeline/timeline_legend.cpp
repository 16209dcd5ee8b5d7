#include "widgets/timeline/timeline_legend.h"

#include "widgets/parts/text_paint.h"
#include "widgets/parts/wrap_layout.h"
#include "widgets/timeline/timeline_paint.h"

#include <QPainter>

namespace athanor::widgets {
namespace {

constexpr int kSample = 26;
constexpr int kSampleHeight = 12;
constexpr int kPaleHeight = 8;
constexpr int kGap = 6;

}  // namespace

TimelineLegend::TimelineLegend(QWidget* parent) : QWidget(parent) {
  QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
  setFont(scaled(font(), 0.9));
  announce_painted_items();
  setAccessibleName(tr("Legend of the timeline"));
}

void TimelineLegend::set_kinds(std::vector<TimelineKind> kinds, const QString& pale, const QString& full,
                               const QString& unknown) {
  entries_.clear();
  for (TimelineKind& kind : kinds) {
    const QString text = kind.sign.isEmpty() ? kind.name : QStringLiteral("%1 %2").arg(kind.sign, kind.name);
    entries_.push_back({std::move(kind), text, false});
  }
  constexpr int kNeutral = 7;
  const TimelineKind neutral{{}, {}, kNeutral, BarPattern::solid};
  if (!pale.isEmpty()) entries_.push_back({neutral, pale, true});
  if (!full.isEmpty()) entries_.push_back({neutral, full, false});
  if (!unknown.isEmpty()) entries_.push_back({neutral, unknown, false, true});
  setFixedHeight(heightForWidth(width()));
  update();
}

std::vector<QSize> TimelineLegend::sizes() const {
  std::vector<QSize> out;
  const QFontMetrics metrics(font());
  for (const Entry& entry : entries_)
    out.emplace_back(kSample + kGap + metrics.horizontalAdvance(entry.text) + kGrid, metrics.height());
  return out;
}

int TimelineLegend::heightForWidth(int width) const { return plan_wrap(width, kGap, sizes()).height; }
QSize TimelineLegend::sizeHint() const { return {320, heightForWidth(std::max(width(), 320))}; }
QSize TimelineLegend::minimumSizeHint() const { return {120, fontMetrics().height()}; }

void TimelineLegend::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  setFixedHeight(heightForWidth(width()));
}

void TimelineLegend::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const auto all = sizes();
  const WrapPlan plan = plan_wrap(width(), kGap, all);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    const QRect box(plan.places[i], all[i]);
    const int height = entry.pale ? kPaleHeight : kSampleHeight;
    const QRect sample(box.left(), box.center().y() - height / 2 + 1, kSample, height);
    entry.unknown ? paint_unknown(painter, sample, 1) : BarBrush(entry.kind, entry.pale).paint(painter, sample);
    painter.setPen(current_theme().color(Role::muted));
    painter.drawText(box.adjusted(kSample + kGap, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, entry.text);
  }
}

std::vector<PaintedItem> TimelineLegend::painted_items() const {
  std::vector<PaintedItem> out;
  const auto all = sizes();
  const WrapPlan plan = plan_wrap(width(), kGap, all);
  for (std::size_t i = 0; i < entries_.size(); ++i)
    out.push_back({entries_[i].text, {}, QRect(plan.places[i], all[i]), QAccessible::ListItem});
  return out;
}

void TimelineLegend::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) update();
}

}  // namespace athanor::widgets
