#include "core/parallel/list_schedule.h"

#include <algorithm>

namespace athanor::parallel::detail {

ListScheduler::ListScheduler(const FlatPipeline& pipeline)
    : pipeline_(pipeline),
      largest_(static_cast<std::size_t>(pipeline.ranks), 0),
      next_(pipeline.stage_ranks.size() * kFlatKinds),
      end_(pipeline.duration.size()),
      ranks_(static_cast<std::size_t>(pipeline.ranks)) {
  for (int rank = 0; rank < pipeline.ranks; ++rank) {
    stages_begin_.push_back(static_cast<std::int32_t>(stages_of_.size()));
    for (std::size_t stage = 0; stage < pipeline.stage_ranks.size(); ++stage) {
      if (pipeline.stage_ranks[stage] != rank) continue;
      stages_of_.push_back(static_cast<std::int32_t>(stage));
      double& largest = largest_[static_cast<std::size_t>(rank)];
      largest =
          std::max(largest, pipeline.memory[static_cast<std::size_t>(pipeline.id(0, static_cast<int>(stage), 0))]);
    }
  }
  stages_begin_.push_back(static_cast<std::int32_t>(stages_of_.size()));
}

void ListScheduler::reset() {
  std::ranges::fill(next_, 0);
  std::ranges::fill(end_, kNever);
  std::ranges::fill(ranks_, RankState{});
}

void ListScheduler::consider(std::size_t rank, const ListRule& rule, int stage, int kind) {
  RankState& state = ranks_[rank];
  const std::int32_t j = next_[static_cast<std::size_t>(stage * kFlatKinds + kind)];
  if (j == pipeline_.micro_batches) return;
  const OpId id = pipeline_.id(kind, stage, j);
  const auto op = static_cast<std::size_t>(id);
  if (kind != 0 && end_[op - 1] == kNever) return;
  double begin = state.free;
  if (const OpId need = pipeline_.awaited[op]; need != kNoOp) {
    const double done = end_[static_cast<std::size_t>(need)];
    if (done == kNever) return;
    begin = std::max(begin, done + pipeline_.travel[op]);
  }
  const double cap = pipeline_.caps[rank];
  if (kind == 0) {
    const bool is_last = stage == stages_of_[static_cast<std::size_t>(stages_begin_[rank + 1] - 1)];
    const double reserve = is_last ? 0 : rule.reserve * largest_[rank];
    if (state.held + pipeline_.memory[op] + reserve > cap) return;
  }
  const bool second = 2 * stage >= static_cast<int>(pipeline_.stage_ranks.size());
  double key = begin - rule.head_start[static_cast<std::size_t>((second ? kFlatKinds : 0) + kind)];
  if (kind == 2 && state.held > rule.weight_fill * cap) key -= rule.head_start[0] + rule.head_start[1];
  if (key >= state.best.key) return;
  state.best = {key, begin, id, stage * kFlatKinds + kind};
}

void ListScheduler::choose(std::size_t rank, const ListRule& rule) {
  RankState& state = ranks_[rank];
  state.stale = false;
  state.best = {};
  for (auto i = static_cast<std::size_t>(stages_begin_[rank]); i < static_cast<std::size_t>(stages_begin_[rank + 1]);
       ++i)
    for (const int kind : {1, 0, 2}) consider(rank, rule, stages_of_[i], kind);
}

void ListScheduler::perform(std::size_t rank, std::vector<OpId>& order) {
  RankState& state = ranks_[rank];
  const OpId id = state.best.op;
  const auto op = static_cast<std::size_t>(id);
  order[static_cast<std::size_t>(pipeline_.first[rank] + state.written++)] = id;
  ++next_[static_cast<std::size_t>(state.best.line)];
  state.held += pipeline_.memory[op];
  end_[op] = state.best.begin + pipeline_.duration[op];
  state.free = state.best.begin + pipeline_.occupied[op];
  state.stale = true;
  if (pipeline_.awaiting[op] != kNoOp) ranks_[static_cast<std::size_t>(pipeline_.awaiting_rank[op])].stale = true;
}

bool ListScheduler::schedule(const ListRule& rule, std::vector<OpId>& order) {
  reset();
  order.resize(pipeline_.duration.size());
  for (std::size_t done = 0; done < order.size(); ++done) {
    std::size_t soonest = 0;
    double begin = kNever;
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
      if (ranks_[rank].stale) choose(rank, rule);
      if (ranks_[rank].best.begin >= begin) continue;
      begin = ranks_[rank].best.begin;
      soonest = rank;
    }
    if (begin == kNever) return false;
    perform(soonest, order);
  }
  return true;
}

}  // namespace athanor::parallel::detail
