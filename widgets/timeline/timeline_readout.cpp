#include "widgets/common/numbers.h"
#include "widgets/timeline/timeline_view.h"

#include <QAccessible>

#include <algorithm>

namespace athanor::widgets {
namespace {

constexpr double kLeastShare = 0.005;

QString length_text(double seconds) {
  constexpr double kLong = 120;
  return seconds < kLong ? time_text(seconds) : duration_text(seconds);
}

}  // namespace

QString TimelineView::bar_text(const Place& place) const {
  const TimelineRow& row = data_.rows[static_cast<std::size_t>(place.row)];
  const TimelineBar& bar = *bar_of(place);
  QStringList words = {row.group, row.name, data_.kinds[static_cast<std::size_t>(bar.kind)].name};
  if (bar.step >= 0 && !data_.step_word.isEmpty()) words << data_.step_word.arg(bar.step);
  if (bar.number >= 0) words << data_.number_word.arg(bar.number);
  if (bar.part >= 0) words << data_.part_word.arg(bar.part);
  const double length = bar.end - bar.begin;
  words << tr("%1, from %2 on").arg(time_text(length), time_text(bar.begin, whole()));
  if (row.twin >= 0) {
    const TimelineRow& other = data_.rows[static_cast<std::size_t>(row.twin)];
    if (const int twin = twin_of(row.bars, place.bar, other.bars); twin >= 0) {
      const TimelineBar& one = other.bars[static_cast<std::size_t>(twin)];
      const double its = one.end - one.begin;
      words << tr("%1: %2, from %3 on").arg(other.name, time_text(its), time_text(one.begin, whole()));
    }
  }
  words.removeAll(QString());
  return words.join(QStringLiteral(" · "));
}

QString TimelineView::columns_text(const Place& place) const {
  const TimelineRow& row = row_at(place.row, place.at);
  const auto [from, to] = pixel_of(place);
  const ColumnsSum sum = sum_of(row.columns, from, to);
  QStringList words = {row.group, row.name, exact_time(place.at, to - from)};
  for (std::size_t i = 0; i < sum.seconds.size(); ++i)
    if (sum.seconds[i] > 0)
      words << QStringLiteral("%1 %2").arg(data_.kinds[static_cast<std::size_t>(row.columns.kinds[i])].name,
                                           percent_text(sum.seconds[i] / (to - from)));
  double unknown = 0;
  for (const TimelineGap& gap : row.unknown)
    unknown += std::max(0.0, std::min(to, gap.end) - std::max(from, gap.begin)) * static_cast<double>(gap.share);
  if (unknown >= kLeastShare * (to - from))
    words << QStringLiteral("%1 %2").arg(data_.unknown_word, percent_text(unknown / (to - from)));
  if (sum.begun > 0)
    words << tr("%n begin here, the longest %1", nullptr, static_cast<int>(sum.begun)).arg(time_text(sum.longest));
  if (sum.longest_pause > 0) words << tr("longest pause %1").arg(time_text(sum.longest_pause));
  words.removeAll(QString());
  return words.join(QStringLiteral(" · "));
}

QString TimelineView::place_text(const Place& place) const {
  return bar_of(place) ? bar_text(place) : columns_text(place);
}

QString TimelineView::readout() const {
  if (current_) return place_text(*current_);
  if (data_.rows.empty()) return {};
  if (selection_)
    return tr("%1 selected, from %2 on. Enter or double click zooms to it")
        .arg(length_text(selection_->second - selection_->first),
             exact_time(selection_->first, selection_->second - selection_->first));
  const double length = range_.second - range_.first;
  if (range_ != std::pair(0.0, whole()))
    return tr("%1 in sight, from %2 on, of %3")
        .arg(length_text(length), exact_time(range_.first, length), length_text(whole()));
  return tr("%1 in all. Drag to move, Control + wheel to zoom; Control + ← → goes from bar to bar")
      .arg(length_text(whole()));
}

void TimelineView::describe() {
  const QString said =
      current_ || selection_ ? readout() : tr("%n row(s)", nullptr, static_cast<int>(data_.rows.size()));
  if (said == accessibleDescription()) return;
  setAccessibleDescription(said);
  QAccessibleEvent changed(this, QAccessible::DescriptionChanged);
  QAccessible::updateAccessibility(&changed);
}

std::vector<PaintedItem> TimelineView::painted_items() const {
  std::vector<PaintedItem> out;
  const QRect area = lanes();
  const TimelineData& all = backdrop_ ? *backdrop_ : data_;
  for (std::size_t i = 0; i < data_.rows.size(); ++i) {
    const int behind = backdrop_ ? row_behind_[i] : static_cast<int>(i);
    const TimelineRow& row = behind >= 0 ? all.rows[static_cast<std::size_t>(behind)] : data_.rows[i];
    const ColumnsSum sum = sum_of(row.columns, 0, whole());
    double busy = 0;
    for (const double seconds : sum.seconds) busy += seconds;
    for (const TimelineBar& bar : row.bars) busy += bar.end - bar.begin;
    const int bars = static_cast<int>(row.bars.size()) + static_cast<int>(sum.begun);
    out.push_back({row.name.isEmpty() ? row.group : QStringLiteral("%1, %2").arg(row.group, row.name),
                   tr("%n bar(s), %1 in all", nullptr, bars).arg(time_text(busy)),
                   QRect(area.left(), area.top() + places_.rows[i].top, area.width(), places_.rows[i].height),
                   QAccessible::Row});
  }
  for (const TimelineMark& mark : data_.marks)
    out.push_back({mark.text, time_text(mark.at, whole()),
                   QRect(static_cast<int>(x_of(mark.at)), kRuler, 1, area.height()), QAccessible::StaticText});
  return out;
}

}  // namespace athanor::widgets
