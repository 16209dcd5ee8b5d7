// How windows of a run's whole time are put into a timeline. Pure; GUI thread.
#pragma once

#include "core/store/timeline.h"
#include "core/timeline/step_picture.h"
#include "widgets/timeline/timeline_values.h"

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace athanor::app {

// What is known of the run beside the window. Not owned.
struct TimelineContext {
  std::int64_t origin_ns = 0;  // time 0 of the timeline
  const std::optional<timeline::StepPicture>& picture;
  const std::vector<store::Occurrence>& occurrences;
  // Kinds that the whole run has: a run of one rank has a row for each.
  const std::set<journal::SpanKind>& kinds;
};

[[nodiscard]] std::set<journal::SpanKind> kinds_of(const store::TimelineWindow& window);
// Seconds from the origin on. A run of several ranks has a row for each lane, below what was predicted of its newest
// step.
[[nodiscard]] widgets::TimelineData timeline_rows(const store::TimelineWindow& window, const TimelineContext& context);

}  // namespace athanor::app
