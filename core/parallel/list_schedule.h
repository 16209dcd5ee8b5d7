// The randomised list scheduler: goes forward in time and gives each rank, as soon as it is free, the op that may begin
// first, with a head start for classes of ops that differs from try to try. Internal to core/parallel.
#pragma once

#include "core/parallel/flat.h"

#include <array>
#include <cstdint>

namespace athanor::parallel::detail {

// How a try chooses. A head start is time by which an op of the class may begin later and still be preferred; classes
// are F, I and W of the first half of the stages, then of the second half.
struct ListRule {
  std::array<double, 2 * kFlatKinds> head_start{};
  double reserve =
      0;  // activations of the largest stage of the rank that an F of other than its last stage leaves free
  double weight_fill = 0;  // W waits while the rank holds less than this share of its cap and anything else is left
};

class ListScheduler {
 public:
  explicit ListScheduler(const FlatPipeline& pipeline);

  // Writes an order that keeps the needs and the caps; false where this rule runs into a dead end.
  bool schedule(const ListRule& rule, std::vector<OpId>& order);

 private:
  struct Candidate {
    double key = kNever, begin = kNever;
    OpId op = kNoOp;
    std::int32_t line = 0;  // its stage and kind, as in next_
  };
  struct RankState {
    double free = 0, held = 0;
    bool stale = true;
    Candidate best;
    int written = 0;
  };

  void reset();
  void choose(std::size_t rank, const ListRule& rule);
  void consider(std::size_t rank, const ListRule& rule, int stage, int kind);
  void perform(std::size_t rank, std::vector<OpId>& order);

  const FlatPipeline& pipeline_;
  std::vector<std::int32_t> stages_of_, stages_begin_;  // stages of each rank, ascending
  std::vector<double> largest_;                         // activation of a rank's stages
  std::vector<std::int32_t> next_;                      // by stage and kind: the next micro-batch
  std::vector<double> end_;
  std::vector<RankState> ranks_;
};

}  // namespace athanor::parallel::detail
