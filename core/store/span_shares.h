// How busy a lane was in windows of time. A window is `1 << shift` nanoseconds wide and begins at a multiple of that on
// the run's axis, so that what is known of narrow windows is exactly known of wider ones. Pure functions; any thread.
#pragma once

#include "core/journal/event.h"

#include <cstdint>
#include <span>
#include <vector>

namespace athanor::store {

// A span on the axis of its run.
struct TimedSpan {
  journal::Span span;
  std::int64_t gap_ns = 0;  // in which its lane did nothing before it
};

// What one kind of work took of some windows that follow each other, and which of its spans begin in the first of them.
// Of one window there may be several; they add up.
struct BusyShare {
  std::int64_t window = 0;  // its number: it begins at `window << shift`
  std::int64_t windows = 1;
  std::int64_t kind = 0;     // journal::SpanKind
  std::int64_t busy_ns = 0;  // in each window
  std::int64_t begun = 0;    // spans
  std::int64_t longest_ns = 0;
  std::int64_t gap_ns = 0;  // the longest that ends with one of them
};
using BusyShares = std::vector<BusyShare>;

// Adds the shares of a span in windows of this width.
void add_shares(BusyShares& out, const TimedSpan& span, int shift);
// Puts together what is of the same windows and kind.
void put_together(BusyShares& shares);
// The same in windows twice as wide.
void widen(BusyShares& shares);

struct SummedUp {
  int shift = 0;
  BusyShares shares;
};
// BusyShares in the narrowest windows in which there are at most `most`.
[[nodiscard]] SummedUp sum_up(std::span<const TimedSpan> spans, std::size_t most);
// Of several such, whose windows may differ in width.
[[nodiscard]] SummedUp sum_up(std::vector<SummedUp> parts, std::size_t most);

}  // namespace athanor::store
