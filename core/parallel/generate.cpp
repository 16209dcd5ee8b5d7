#include "core/parallel/generate.h"

#include "core/parallel/generate_detail.h"

#include <fmt/format.h>

#include <algorithm>

namespace athanor::parallel {
namespace detail {

Schedule empty_schedule(std::string name, Placement placement, int ranks, int chunks, int micro_batches) {
  if (ranks < 1 || chunks < 1 || micro_batches < 1)
    throw Failure(ErrorKind::invalid_input, "generate the schedule " + name,
                  fmt::format("there are {} ranks, {} chunks and {} micro-batches", ranks, chunks, micro_batches),
                  "give at least one of each");
  Schedule schedule;
  schedule.name = std::move(name);
  schedule.micro_batches = micro_batches;
  schedule.stage_ranks = place_stages(placement, ranks, chunks);
  schedule.ranks.resize(static_cast<std::size_t>(ranks));
  for (auto& ops : schedule.ranks)
    ops.reserve(std::size_t{3} * static_cast<std::size_t>(chunks) * static_cast<std::size_t>(micro_batches));
  return schedule;
}

}  // namespace detail

namespace {

// One stage a rank: `warm_up` forwards, (F, I) in turns, W of micro-batch j after I of j + delay.
void append_split(std::vector<Op>& ops, int stage, int micro_batches, int warm_up, int delay) {
  int forward = 0, weight = 0;
  for (; forward < std::min(warm_up, micro_batches); ++forward) ops.push_back({OpKind::forward, stage, forward});
  for (int input = 0; input < micro_batches; ++input) {
    if (forward < micro_batches) ops.push_back({OpKind::forward, stage, forward++});
    ops.push_back({OpKind::input_gradient, stage, input});
    if (input >= delay) ops.push_back({OpKind::weight_gradient, stage, weight++});
  }
  while (weight < micro_batches) ops.push_back({OpKind::weight_gradient, stage, weight++});
}

}  // namespace

Schedule gpipe(int ranks, int micro_batches) {
  Schedule schedule = detail::empty_schedule("gpipe", Placement::contiguous, ranks, 1, micro_batches);
  for (int rank = 0; rank < ranks; ++rank)
    for (const OpKind kind : {OpKind::forward, OpKind::backward})
      for (int i = 0; i < micro_batches; ++i) schedule.ranks[static_cast<std::size_t>(rank)].push_back({kind, rank, i});
  return schedule;
}

Schedule one_f_one_b(int ranks, int micro_batches) {
  Schedule schedule = detail::empty_schedule("1f1b", Placement::contiguous, ranks, 1, micro_batches);
  for (int rank = 0; rank < ranks; ++rank) {
    auto& ops = schedule.ranks[static_cast<std::size_t>(rank)];
    int forward = 0;
    for (; forward < std::min(ranks - 1 - rank, micro_batches); ++forward)
      ops.push_back({OpKind::forward, rank, forward});
    for (int backward = 0; backward < micro_batches; ++backward) {
      if (forward < micro_batches) ops.push_back({OpKind::forward, rank, forward++});
      ops.push_back({OpKind::backward, rank, backward});
    }
  }
  return schedule;
}

bool can_interleave(std::int64_t ranks, std::int64_t micro_batches) noexcept {
  return micro_batches % std::max<std::int64_t>(1, micro_batches / ranks) == 0;
}

Schedule interleaved_one_f_one_b(int ranks, int chunks, int micro_batches) {
  Schedule schedule = detail::empty_schedule("interleaved-1f1b", Placement::interleaved, ranks, chunks, micro_batches);
  if (!can_interleave(ranks, micro_batches))
    throw Failure(
        ErrorKind::invalid_input, "generate the schedule interleaved-1f1b",
        fmt::format("{} micro-batches do not fall into {} equal rounds", micro_batches, micro_batches / ranks),
        fmt::format("take a multiple of {} micro-batches", ranks));
  const int group = micro_batches / std::max(1, micro_batches / ranks), all = chunks * micro_batches;
  for (int rank = 0; rank < ranks; ++rank) {
    auto& ops = schedule.ranks[static_cast<std::size_t>(rank)];
    const auto append = [&](OpKind kind, int k) {
      const int turn = k / group % chunks, chunk = kind == OpKind::forward ? turn : chunks - 1 - turn;
      ops.push_back({kind, chunk * ranks + rank, k / (group * chunks) * group + k % group});
    };
    int forward = 0;
    const int warm_up = std::min((chunks - 1) * group + 2 * (ranks - 1 - rank), all);
    while (forward < warm_up) append(OpKind::forward, forward++);
    for (int backward = 0; backward < all; ++backward) {
      if (forward < all) append(OpKind::forward, forward++);
      append(OpKind::backward, backward);
    }
  }
  return schedule;
}

Schedule zb_h1(int ranks, int micro_batches) {
  Schedule schedule = detail::empty_schedule("zb-h1", Placement::contiguous, ranks, 1, micro_batches);
  for (int rank = 0; rank < ranks; ++rank)
    append_split(schedule.ranks[static_cast<std::size_t>(rank)], rank, micro_batches, ranks - 1 - rank, rank);
  return schedule;
}

Schedule zb_h2(int ranks, int micro_batches) {
  Schedule schedule = detail::empty_schedule("zb-h2", Placement::contiguous, ranks, 1, micro_batches);
  for (int rank = 0; rank < ranks; ++rank)
    append_split(schedule.ranks[static_cast<std::size_t>(rank)], rank, micro_batches, 2 * (ranks - 1 - rank), 2 * rank);
  return schedule;
}

std::vector<Schedule> static_schedules(int ranks, int micro_batches, int chunks) {
  std::vector<Schedule> schedules = {gpipe(ranks, micro_batches), one_f_one_b(ranks, micro_batches),
                                     zb_h1(ranks, micro_batches), zb_h2(ranks, micro_batches)};
  if (chunks >= 2) {
    schedules.push_back(zb_v(ranks, micro_batches));
    schedules.push_back(v_half(ranks, micro_batches));
    schedules.push_back(v_min(ranks, micro_batches));
  }
  for (int v = 2; v <= chunks && can_interleave(ranks, micro_batches); ++v)
    schedules.push_back(interleaved_one_f_one_b(ranks, v, micro_batches));
  return schedules;
}

}  // namespace athanor::parallel
