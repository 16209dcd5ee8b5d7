// A pipeline as flat arrays, for searching: many orders are timed, and nothing is allocated while that goes on.
// Internal to core/parallel.
//
// Ops are numbered (stage m + micro-batch) 3 + kind with kind 0 F, 1 I, 2 W. An order holds all ops, those of rank 0
// first, each rank's in the order it does them.
#pragma once

#include "core/parallel/cost_model.h"
#include "core/parallel/schedule.h"

#include <cstdint>
#include <limits>
#include <vector>

namespace athanor::parallel::detail {

using OpId = std::int32_t;
inline constexpr OpId kNoOp = -1;
inline constexpr int kFlatKinds = 3;
inline constexpr double kNever = std::numeric_limits<double>::infinity();

struct FlatPipeline {
  FlatPipeline(std::vector<int> stage_ranks, int ranks, int micro_batches, const CostModel& costs,
               std::vector<double> memory_caps);

  [[nodiscard]] OpId id(int kind, int stage, int micro_batch) const noexcept {
    return (stage * micro_batches + micro_batch) * kFlatKinds + kind;
  }
  [[nodiscard]] int stage_of(OpId op) const noexcept { return op / kFlatKinds / micro_batches; }
  [[nodiscard]] int rank_of(OpId op) const noexcept { return stage_ranks[static_cast<std::size_t>(stage_of(op))]; }

  std::vector<int> stage_ranks;
  int ranks, micro_batches;
  std::vector<double> caps;
  // By op, unless said otherwise.
  std::vector<double> duration, memory;  // what it takes; what it adds when it begins, or lets go of when it ends
  std::vector<double> occupied;          // duration, and what a blocking send holds its lane up beyond
  std::vector<OpId> awaited, awaiting;   // the op of another stage that it needs, that needs it; kNoOp
  std::vector<std::int32_t> awaiting_rank;
  std::vector<double> travel;       // from the end of the awaited op until it may begin
  std::vector<double> work;         // by rank: the sum of its durations
  std::vector<std::int32_t> first;  // where each rank's ops begin in an order; one more at the end
};

// Times orders. Memory is set aside once.
class Evaluator {
 public:
  explicit Evaluator(const FlatPipeline& pipeline);

  // The makespan, or kNever where the order stands still, breaks a need within a stage, exceeds a cap or takes longer
  // than `limit`, which is noticed as soon as a rank can no longer keep it.
  double makespan(const std::vector<OpId>& order, double limit = kNever);
  // When the ops began, after an order whose makespan was not kNever and until the next is timed.
  [[nodiscard]] const std::vector<double>& begins() const noexcept { return begin_; }

 private:
  bool advance(const std::vector<OpId>& order, std::size_t rank, double limit);

  const FlatPipeline& pipeline_;
  std::vector<double> begin_, end_;  // kNever: not done
  std::vector<std::int32_t> next_;
  std::vector<double> free_, held_;
  std::vector<double> left_;  // compute time of the ops not done yet
  std::vector<OpId> blocked_on_;
  std::vector<std::int32_t> runnable_;
};

// The order of a schedule of the same stages and micro-batches, joined backwards taken apart.
[[nodiscard]] std::vector<OpId> order_of(const FlatPipeline& pipeline, const Schedule& schedule);
[[nodiscard]] Schedule schedule_of(const FlatPipeline& pipeline, const std::vector<OpId>& order, std::string name);

}  // namespace athanor::parallel::detail
