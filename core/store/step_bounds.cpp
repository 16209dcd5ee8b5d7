#include "core/store/step_bounds.h"

#include <algorithm>

namespace athanor::store {
namespace {

constexpr std::size_t kMostSteps = 64;

}  // namespace

void StepBounds::add(const journal::Span& span) {
  using enum journal::SpanKind;
  if (span.kind == evaluate || span.kind == checkpoint) return;
  const auto [found, is_new] = steps_.try_emplace(span.step);
  Step& step = found->second;
  step.begin_ns = is_new ? span.begin_ns : std::min(step.begin_ns, span.begin_ns);
  step.end_ns = is_new ? span.end_ns : std::max(step.end_ns, span.end_ns);
  step.ranks.insert(span.rank);
  if (span.stage < 0 || !journal::is_compute(span.kind)) return;
  const int owner = step.rank_of_stage.try_emplace(span.stage, span.rank).first->second;
  step.lies_on_several_ranks |= step.rank_of_stage.size() > 1 && owner != step.rank_of_stage.begin()->second;
  const std::size_t at = step.lanes[{span.rank, span.lane}].of(span.kind, span.stage, span.micro_batch);
  if (step.rounds.size() <= at) step.rounds.resize(at + 1, {span.begin_ns, span.end_ns, 0});
  Round& round = step.rounds[at];
  round.begin_ns = std::min(round.begin_ns, span.begin_ns);
  round.end_ns = std::max(round.end_ns, span.end_ns);
  round.busy_ns += static_cast<double>(span.end_ns - span.begin_ns);
}

TimelineStep StepBounds::value_of(std::int64_t number, const Step& step) const {
  TimelineStep out{number, step.begin_ns, step.end_ns, static_cast<int>(step.ranks.size()), std::nullopt};
  const bool is_whole = step.begin_ns > begin_ns_ && step.end_ns < end_ns_;
  if (!is_whole || !step.lies_on_several_ranks) return out;
  double busy = 0, length = 0;
  for (const Round& round : step.rounds) {
    busy += round.busy_ns;
    length += static_cast<double>(round.end_ns - round.begin_ns);
  }
  if (length > 0) out.bubble = 1 - busy / (out.ranks * length);
  return out;
}

std::vector<TimelineStep> StepBounds::within(std::int64_t begin_ns, std::int64_t end_ns) const {
  std::vector<TimelineStep> steps;
  for (const auto& [number, step] : steps_) {
    if (step.begin_ns >= end_ns || step.end_ns <= begin_ns) continue;
    if (steps.size() == kMostSteps) return {};
    steps.push_back(value_of(number, step));
  }
  std::ranges::sort(steps, {}, &TimelineStep::step);
  return steps;
}

}  // namespace athanor::store
