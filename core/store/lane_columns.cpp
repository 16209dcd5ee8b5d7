#include "core/store/lane_columns.h"

#include <algorithm>

namespace athanor::store {

LaneColumns::LaneColumns(int shift, std::int64_t first, int columns)
    : shift_(shift), first_(first), columns_(static_cast<std::size_t>(columns)) {}

void LaneColumns::add(const BusyShare& share, int shift) {
  const int wider = shift_ - shift;
  const std::int64_t end = share.window + share.windows;
  const std::int64_t from = std::max(first_, share.window >> wider);
  const std::int64_t last = std::min(first_ + std::ssize(columns_), ((end - 1) >> wider) + 1);
  for (std::int64_t at = from; at < last; ++at) {
    Column& column = columns_[static_cast<std::size_t>(at - first_)];
    const std::int64_t windows = std::min(end, (at + 1) << wider) - std::max(share.window, at << wider);
    column.busy_ns[static_cast<std::size_t>(share.kind)] += windows * share.busy_ns;
    if (at != share.window >> wider) continue;
    column.begun += share.begun;
    column.longest_ns = std::max(column.longest_ns, share.longest_ns);
    column.gap_ns = std::max(column.gap_ns, share.gap_ns);
    begun_ += share.begun;
  }
}

void LaneColumns::add(const TimedSpan& span) {
  shares_.clear();
  add_shares(shares_, span, shift_);
  for (const BusyShare& share : shares_) add(share, shift_);
}

void LaneColumns::write(TimelineLane& lane) const {
  std::array<bool, kKinds> has{};
  for (const Column& column : columns_)
    for (std::size_t kind = 0; kind < kKinds; ++kind) has[kind] = has[kind] || column.busy_ns[kind] != 0;
  for (std::size_t kind = 0; kind < kKinds; ++kind)
    if (has[kind]) lane.kinds.push_back(static_cast<journal::SpanKind>(kind));
  for (const Column& column : columns_) {
    for (const journal::SpanKind kind : lane.kinds)
      lane.busy_ns.push_back(column.busy_ns[static_cast<std::size_t>(kind)]);
    lane.begun.push_back(column.begun);
    lane.longest_ns.push_back(column.longest_ns);
    lane.gap_ns.push_back(column.gap_ns);
  }
}

}  // namespace athanor::store
