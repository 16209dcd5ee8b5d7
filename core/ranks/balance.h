// How many micro-batches each replica takes, from what a micro-batch takes it. Every rank comes to the same, for all
// know the same figures (WorkWatch).
//
// Shares are planned again at checkpoints alone, where a rank is seen to be slow, or they were unequal already; and put
// into force where the slowest replica is then to be done sooner by more than kWorthIt of the step. After a change the
// next checkpoint changes nothing, so that its effect is measured before it is judged.
#pragma once

#include "core/journal/event.h"
#include "core/parallel/mesh.h"
#include "core/ranks/work_watch.h"
#include "core/recipe/recipe.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace athanor::runner {

struct Shift {
  std::vector<std::int64_t> shares;  // by replica, at least 1 each
  double gain = 0;                   // of the step
};
// Better shares than those in force, where there are any that are worth it. `work` is what a micro-batch takes each
// rank, of which the slowest of a replica counts, `step` what a step takes, in the same unit.
[[nodiscard]] std::optional<Shift> plan_shares(std::span<const std::int64_t> shares, const parallel::Mesh& mesh,
                                               std::span<const double> work, double step);

class Balance {
 public:
  static constexpr double kWorthIt = 0.05;

  explicit Balance(std::int64_t micro_batches) : micro_batches_(micro_batches) {}

  // The ranks are laid out so, with equal shares.
  void begin(const parallel::Mesh& mesh);
  // Whether there are other shares from this checkpoint on.
  [[nodiscard]] bool plan(std::int64_t step, const WorkWatch& watch);

  // For share_batches(): empty where equal shares keep the bits of one process by themselves, which costs less.
  [[nodiscard]] std::vector<std::int64_t> orders() const;
  // What plan() changed last.
  [[nodiscard]] const journal::WorkShifted& shifted() const noexcept { return shifted_; }

 private:
  std::int64_t micro_batches_;
  parallel::Mesh mesh_;
  std::vector<std::int64_t> shares_;
  journal::WorkShifted shifted_;
  bool has_just_changed_ = false;
};

// As the recipe has it; nothing where it wants none, or the model is cut (stage_balance.h).
[[nodiscard]] std::optional<Balance> make_balance(const recipe::Recipe& recipe);

}  // namespace athanor::runner
