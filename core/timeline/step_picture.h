// One step of a run, as all its ranks did it and as it was predicted. A value; pure functions, any thread.
#pragma once

#include "core/journal/event.h"
#include "core/journal/rounds.h"
#include "core/recipe/prediction.h"
#include "core/store/types.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace athanor::timeline {

struct Bar {
  journal::SpanKind kind = journal::SpanKind::forward;
  int stage = -1;  // negative: of none
  int micro_batch = 0;
  double begin = 0, end = 0;  // seconds from the step's begin
};

struct Row {
  int rank = 0;
  int lane = 0;
  std::vector<Bar> bars;  // by begin
};

// What messages between ranks took, and how much of that nothing was computed for want of them. Seconds of all ranks
// together.
struct Communication {
  double total = 0;
  double exposed = 0;
};

struct StepPicture {
  std::int64_t step = 0;
  std::int64_t begin_ns = 0;  // wall clock
  double seconds = 0;         // until the last rank was through
  int ranks = 0;
  bool is_pipeline = false;              // its stages lie on several ranks
  std::vector<Row> measured, predicted;  // by rank and lane; nothing is predicted of a single rank
  double predicted_seconds = 0;
  // Of pipelines: the share of the ranks' time, from the first op to the end of the last of each round through the
  // stages, in which they did not compute.
  std::optional<double> bubble, predicted_bubble;
  std::optional<Communication> communication;  // where it was told apart from computing
};

// The newest step that was told whole by as many ranks as any other; nothing where there is none. `is_over`: nobody
// tells more. What ops cost is taken from all of these steps.
[[nodiscard]] std::optional<StepPicture> picture_of(const std::vector<store::RankStep>& steps, bool is_over);

// A step as a plan's schedule says, `seconds` long: predicted rows alone. Nothing where it has no bars.
[[nodiscard]] std::optional<StepPicture> picture_of(const recipe::SchedulePrediction& schedule, double seconds);

using journal::is_compute;
[[nodiscard]] constexpr bool is_communication(journal::SpanKind kind) noexcept {
  using enum journal::SpanKind;
  return kind == send || kind == receive || kind == reduce;
}

}  // namespace athanor::timeline
