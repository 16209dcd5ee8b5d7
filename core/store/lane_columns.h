// Spans and shares of one lane added up in the columns of a window. Pure.
#pragma once

#include "core/store/span_shares.h"
#include "core/store/timeline.h"

#include <array>

namespace athanor::store {

class LaneColumns {
 public:
  // Columns of `1 << shift` nanoseconds from number `first` on.
  LaneColumns(int shift, std::int64_t first, int columns);
  // Of windows no wider than a column.
  void add(const BusyShare& share, int shift);
  void add(const TimedSpan& span);
  // Spans that begin in the window.
  [[nodiscard]] std::int64_t begun() const { return begun_; }
  void write(TimelineLane& lane) const;

 private:
  static constexpr std::size_t kKinds = static_cast<std::size_t>(journal::SpanKind::idle) + 1;
  struct Column {
    std::array<std::int64_t, kKinds> busy_ns{};
    std::int64_t begun = 0, longest_ns = 0, gap_ns = 0;
  };
  int shift_;
  std::int64_t first_;
  std::int64_t begun_ = 0;
  std::vector<Column> columns_;
  BusyShares shares_;  // of the span that is added
};

}  // namespace athanor::store
