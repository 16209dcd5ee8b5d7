// The walk among orders of a pipeline's ops that are not slower. Internal to core/parallel.
#pragma once

#include "core/parallel/flat.h"
#include "kernels/base/philox.h"

namespace athanor::parallel::detail {

// A stream of random numbers that is a pure function of its seed and name.
class Random {
 public:
  Random(std::uint64_t seed, std::uint32_t stream) : seed_(seed), stream_(stream) {}

  [[nodiscard]] std::uint32_t next() {
    if (used_ == 4) {
      block_ = philox_at(seed_, 0, stream_, position_++);
      used_ = 0;
    }
    return block_.word[used_++];
  }
  // In [0, 1).
  [[nodiscard]] double uniform() { return next() * 0x1p-32; }
  // In [0, count).
  [[nodiscard]] std::int32_t below(std::int32_t count) {
    return static_cast<std::int32_t>(std::uint64_t{next()} * static_cast<std::uint64_t>(count) >> 32);
  }

 private:
  std::uint64_t seed_, position_ = 0;
  std::uint32_t stream_;
  int used_ = 4;
  PhiloxBlock block_{};
};

class RandomWalk {
 public:
  // `order` has a makespan.
  RandomWalk(const FlatPipeline& pipeline, Evaluator& evaluator, std::vector<OpId> order, Random random);

  // Tries that many moves, or fewer where the makespan comes down to `enough`; how many were timed.
  std::int64_t run(std::int64_t moves, double enough);

  [[nodiscard]] const std::vector<OpId>& order() const noexcept { return order_; }
  [[nodiscard]] double makespan() const noexcept { return makespan_; }

 private:
  struct Move {
    std::int32_t from, to;  // places in the order, within one rank
  };

  [[nodiscard]] Move pick();
  [[nodiscard]] bool is_allowed(const Move& move) const;
  void apply(const Move& move);
  void find_critical_path();

  const FlatPipeline& pipeline_;
  Evaluator& evaluator_;
  std::vector<OpId> order_;
  std::vector<std::int32_t> place_;     // by op
  std::vector<std::int32_t> critical_;  // places of the ops of one critical path
  double makespan_;
  Random random_;
};

}  // namespace athanor::parallel::detail
