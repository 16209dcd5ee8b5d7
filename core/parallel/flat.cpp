#include "core/parallel/flat.h"

#include <algorithm>

namespace athanor::parallel::detail {
namespace {

constexpr double kRounding = 1e-9;  // of sums of activations, and of times

}  // namespace

FlatPipeline::FlatPipeline(std::vector<int> placed, int rank_count, int micro_batch_count, const CostModel& costs,
                           std::vector<double> memory_caps)
    : stage_ranks(std::move(placed)),
      ranks(rank_count),
      micro_batches(micro_batch_count),
      caps(std::move(memory_caps)) {
  const int stages = static_cast<int>(stage_ranks.size());
  const auto count = stage_ranks.size() * static_cast<std::size_t>(micro_batches) * kFlatKinds;
  for (double& cap : caps) cap *= 1 + kRounding;
  duration.resize(count);
  memory.resize(count);
  occupied.resize(count);
  travel.resize(count);
  work.assign(static_cast<std::size_t>(ranks), 0);
  awaited.assign(count, kNoOp);
  awaiting.assign(count, kNoOp);
  awaiting_rank.assign(count, 0);
  first.assign(static_cast<std::size_t>(ranks) + 1, 0);
  for (const int rank : stage_ranks) first[static_cast<std::size_t>(rank) + 1] += micro_batches * kFlatKinds;
  for (std::size_t rank = 0; rank < static_cast<std::size_t>(ranks); ++rank) first[rank + 1] += first[rank];
  constexpr OpKind kKinds[kFlatKinds] = {OpKind::forward, OpKind::input_gradient, OpKind::weight_gradient};
  for (int stage = 0; stage < stages; ++stage)
    for (int j = 0; j < micro_batches; ++j)
      for (int kind = 0; kind < kFlatKinds; ++kind) {
        const auto op = static_cast<std::size_t>(id(kind, stage, j));
        const StageCost& cost = costs.stages[static_cast<std::size_t>(stage)];
        duration[op] = occupied[op] = compute_time(cost, kKinds[kind]);
        memory[op] = memory_change(cost, kKinds[kind]);
        work[static_cast<std::size_t>(rank_of(id(kind, stage, j)))] += duration[op];
        const int from = kind == 0 ? stage - 1 : stage + 1, to = kind == 0 ? stage + 1 : stage - 1;
        const auto is_apart = [&](int other) {
          return stage_ranks[static_cast<std::size_t>(other)] != stage_ranks[static_cast<std::size_t>(stage)];
        };
        if (kind == 2) continue;
        const double blocking = costs.blocking_sends ? costs.hop : 0;
        if (from >= 0 && from < stages) {
          awaited[op] = id(kind, from, j);
          travel[op] = is_apart(from) ? costs.hop + blocking : 0;
        }
        if (to >= 0 && to < stages) {
          awaiting[op] = id(kind, to, j);
          awaiting_rank[op] = stage_ranks[static_cast<std::size_t>(to)];
          if (is_apart(to)) occupied[op] += blocking;
        }
      }
}

Evaluator::Evaluator(const FlatPipeline& pipeline)
    : pipeline_(pipeline),
      begin_(pipeline.duration.size()),
      end_(pipeline.duration.size()),
      next_(static_cast<std::size_t>(pipeline.ranks)),
      free_(next_.size()),
      held_(next_.size()),
      left_(next_.size()),
      blocked_on_(next_.size()),
      runnable_(next_.size()) {}

double Evaluator::makespan(const std::vector<OpId>& order, double limit) {
  std::ranges::fill(end_, kNever);
  std::ranges::fill(free_, 0.0);
  std::ranges::fill(held_, 0.0);
  std::ranges::fill(blocked_on_, kNoOp);
  std::ranges::copy(pipeline_.work, left_.begin());
  std::copy_n(pipeline_.first.begin(), next_.size(), next_.begin());
  runnable_.clear();
  for (std::size_t rank = next_.size(); rank-- > 0;) runnable_.push_back(static_cast<std::int32_t>(rank));
  while (!runnable_.empty()) {
    const auto rank = static_cast<std::size_t>(runnable_.back());
    runnable_.pop_back();
    if (!advance(order, rank, limit * (1 + kRounding))) return kNever;
  }
  double longest = 0;
  for (std::size_t rank = 0; rank < next_.size(); ++rank) {
    if (next_[rank] != pipeline_.first[rank + 1]) return kNever;
    if (next_[rank] == pipeline_.first[rank]) continue;
    longest = std::max(longest, end_[static_cast<std::size_t>(order[static_cast<std::size_t>(next_[rank] - 1)])]);
  }
  return longest;
}

// Does a rank's ops until one waits for another rank; false where the order is wrong or too slow.
bool Evaluator::advance(const std::vector<OpId>& order, std::size_t rank, double limit) {
  const std::int32_t stop = pipeline_.first[rank + 1];
  double free = free_[rank], held = held_[rank], left = left_[rank];
  std::int32_t& next = next_[rank];
  for (; next < stop; ++next) {
    const OpId id = order[static_cast<std::size_t>(next)];
    const auto op = static_cast<std::size_t>(id);
    if (id % kFlatKinds != 0 && end_[op - 1] == kNever) return false;  // its F or I
    double begin = free;
    if (const OpId need = pipeline_.awaited[op]; need != kNoOp) {
      const double done = end_[static_cast<std::size_t>(need)];
      if (done == kNever) {
        blocked_on_[rank] = need;
        break;
      }
      begin = std::max(begin, done + pipeline_.travel[op]);
    }
    held += pipeline_.memory[op];
    if (held > pipeline_.caps[rank] || begin + left > limit) return false;
    left -= pipeline_.duration[op];
    begin_[op] = begin;
    end_[op] = begin + pipeline_.duration[op];
    free = begin + pipeline_.occupied[op];
    const OpId waiting = pipeline_.awaiting[op];
    if (waiting == kNoOp) continue;
    const std::int32_t other = pipeline_.awaiting_rank[op];
    if (blocked_on_[static_cast<std::size_t>(other)] != id) continue;
    blocked_on_[static_cast<std::size_t>(other)] = kNoOp;
    runnable_.push_back(other);
  }
  free_[rank] = free;
  held_[rank] = held;
  left_[rank] = left;
  return true;
}

std::vector<OpId> order_of(const FlatPipeline& pipeline, const Schedule& schedule) {
  std::vector<OpId> order;
  order.reserve(pipeline.duration.size());
  for (const auto& ops : schedule.ranks)
    for (const Op& op : ops) {
      if (op.kind == OpKind::forward) order.push_back(pipeline.id(0, op.stage, op.micro_batch));
      if (op.kind == OpKind::input_gradient || op.kind == OpKind::backward)
        order.push_back(pipeline.id(1, op.stage, op.micro_batch));
      if (op.kind == OpKind::weight_gradient || op.kind == OpKind::backward)
        order.push_back(pipeline.id(2, op.stage, op.micro_batch));
    }
  return order;
}

Schedule schedule_of(const FlatPipeline& pipeline, const std::vector<OpId>& order, std::string name) {
  constexpr OpKind kKinds[kFlatKinds] = {OpKind::forward, OpKind::input_gradient, OpKind::weight_gradient};
  Schedule schedule;
  schedule.name = std::move(name);
  schedule.micro_batches = pipeline.micro_batches;
  schedule.stage_ranks = pipeline.stage_ranks;
  schedule.ranks.resize(static_cast<std::size_t>(pipeline.ranks));
  for (const OpId op : order)
    schedule.ranks[static_cast<std::size_t>(pipeline.rank_of(op))].push_back(
        {kKinds[op % kFlatKinds], pipeline.stage_of(op), op / kFlatKinds % pipeline.micro_batches});
  return schedule;
}

}  // namespace athanor::parallel::detail
