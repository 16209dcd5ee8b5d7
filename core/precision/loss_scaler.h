// Dynamic loss scaling: gradients in f16 are kept from underflowing by a factor that follows what they can bear.
// Narang et al. 2018, arXiv:1710.03740; hysteresis as in Megatron-LM. The scale stays a power of two, so that dividing
// by it again is exact.
#pragma once

#include "core/precision/policy.h"

namespace athanor::precision {

class LossScaler {
 public:
  struct State {
    double scale = 1;
    int growth = 0;       // steps without overflow
    int forgiveness = 0;  // overflows that are still forgiven
    [[nodiscard]] bool operator==(const State&) const = default;
  };

  explicit LossScaler(const LossScaleSettings& settings)
      : settings_(settings), state_{settings.start, 0, settings.hysteresis} {}

  [[nodiscard]] double scale() const noexcept { return state_.scale; }
  // All gradients were finite.
  void count_good_step();
  // Some were not; the step is skipped. False when the scale is at its floor already: no smaller one would help.
  [[nodiscard]] bool count_overflow();

  [[nodiscard]] const State& state() const noexcept { return state_; }
  void set_state(const State& state) noexcept { state_ = state; }

 private:
  LossScaleSettings settings_;
  State state_;
};

}  // namespace athanor::precision
