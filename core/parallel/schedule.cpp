#include "core/parallel/schedule.h"

#include <algorithm>

namespace athanor::parallel {

std::vector<int> place_stages(Placement placement, int ranks, int chunks) {
  std::vector<int> stage_ranks(static_cast<std::size_t>(ranks) * static_cast<std::size_t>(chunks));
  for (int stage = 0; stage < ranks * chunks; ++stage) {
    const int chunk = stage / ranks, along = stage % ranks;
    int rank = along;
    if (placement == Placement::contiguous) rank = stage / chunks;
    if (placement == Placement::v && chunk % 2 == 1) rank = ranks - 1 - along;
    stage_ranks[static_cast<std::size_t>(stage)] = rank;
  }
  return stage_ranks;
}

Placement placement_of(const Schedule& schedule) {
  const int ranks = schedule.rank_count(), stages = schedule.stage_count();
  if (ranks == 0 || stages % ranks != 0) return Placement::other;
  for (const Placement placement : {Placement::contiguous, Placement::interleaved, Placement::v})
    if (place_stages(placement, ranks, stages / ranks) == schedule.stage_ranks) return placement;
  return Placement::other;
}

namespace {

template <class Predicate>
bool any_op(const Schedule& schedule, Predicate&& holds) {
  return std::ranges::any_of(schedule.ranks,
                             [&](const std::vector<Op>& ops) { return std::ranges::any_of(ops, holds); });
}

}  // namespace

bool has_transfers(const Schedule& schedule) noexcept {
  return any_op(schedule, [](const Op& op) { return is_send(op.kind) || is_receive(op.kind); });
}

bool goes_backward(const Schedule& schedule) noexcept {
  return any_op(schedule, [](const Op& op) { return is_compute(op.kind) && op.kind != OpKind::forward; });
}

}  // namespace athanor::parallel
