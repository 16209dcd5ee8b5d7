// Delayed scaling of one tensor: the scale of a step follows from the largest magnitudes of the steps before it, so
// that quantizing needs one pass. Micikevicius et al. 2022, arXiv:2209.05433.
#pragma once

#include "core/precision/policy.h"

#include <optional>
#include <vector>

namespace athanor::precision {

class AmaxHistory {
 public:
  AmaxHistory() = default;
  AmaxHistory(const DelayedSettings& settings, float largest_code) : settings_(settings), largest_(largest_code) {}

  // Once per step in which the tensor was used. 0, NaN and infinity leave the scale as it was.
  void roll(double amax);
  // What a code stands for; nothing until a magnitude was seen, when the tensor's own must do.
  [[nodiscard]] std::optional<float> scale() const noexcept { return scale_; }

  [[nodiscard]] const std::vector<double>& values() const noexcept { return values_; }  // newest last
  void restore(std::vector<double> values, std::optional<float> scale) {
    values_ = std::move(values);
    scale_ = scale;
  }

 private:
  DelayedSettings settings_;
  float largest_ = 448;
  std::vector<double> values_;
  std::optional<float> scale_;
};

}  // namespace athanor::precision
