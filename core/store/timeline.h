// What the ranks of a run did in a window of time, at the resolution that was asked for. Values. Times are nanoseconds
// on the axis of the run: those of the wall clock when it began, sessions one after the other (see spans.h).
#pragma once

#include "core/journal/event.h"
#include "core/store/types.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace athanor::store {

// All that was told; empty: end_ns is begin_ns.
struct TimelineExtent {
  std::int64_t begin_ns = 0, end_ns = 0;
  std::int64_t spans = 0;
};

// A lane of a rank: single spans where they are few, else columns.
struct TimelineLane {
  int rank = 0, lane = 0;
  bool is_untold = false;  // beside the lanes of the rank: where it did what it did not tell, or what is superseded
  std::int64_t spans = 0;  // that reach into the window; of damaged ones as far as they are known
  bool is_single = false;
  std::vector<journal::Span> single;  // by begin; each reaches into the window
  // By column, then by kind: exactly how long it did this.
  std::vector<journal::SpanKind> kinds;
  std::vector<std::int64_t> busy_ns;
  // By column, of spans that begin in it: how many, the longest, and the longest time before one of them in which the
  // lane did nothing.
  std::vector<std::int64_t> begun, longest_ns, gap_ns;
};

struct TimelineStep {
  std::int64_t step = 0;
  std::int64_t begin_ns = 0, end_ns = 0;
  int ranks = 0;
  // Of pipelines, as timeline::StepPicture has it; not where a part of the step lies outside of what was read.
  std::optional<double> bubble;
};

// Spans that cannot be read. Where columns are wide enough their summaries stand for them, and nothing is missing.
struct DamagedSpans {
  int rank = 0, lane = 0;
  std::int64_t begin_ns = 0, end_ns = 0;
  std::int64_t spans = 0;
};

struct TimelineWindow {
  TimelineExtent whole;
  // Columns are a power of two wide and begin at multiples of it; they reach over both ends of what was asked for.
  std::int64_t begin_ns = 0;
  std::int64_t column_ns = 1;
  int columns = 0;
  std::vector<TimelineLane> lanes;  // by rank and lane; that of what was not told first
  std::vector<TimelineStep> steps;  // where they are few enough to be told apart; by step
  std::vector<DamagedSpans> damaged;

  [[nodiscard]] std::int64_t end_ns() const { return begin_ns + column_ns * columns; }
};

}  // namespace athanor::store
