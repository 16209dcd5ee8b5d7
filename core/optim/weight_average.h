// An exponential moving average of the parameters, kept beside them: average = decay * average + (1 - decay) * value.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <string>
#include <utility>
#include <vector>

namespace athanor::optim {

class WeightAverage {
 public:
  // Starts at the parameters' present values.
  WeightAverage(Context& context, const std::vector<Parameter>& parameters);

  // The decay of this update is min(decay, (1 + updates) / (10 + updates)), so that early values are soon forgotten.
  void update(Context& context, float decay);
  // Exchanges parameters and averages, for evaluation; a second call exchanges them back.
  void swap();
  // "<path>.average" for each parameter.
  [[nodiscard]] std::vector<std::pair<std::string, Tensor>> named_state() const;
  [[nodiscard]] std::int64_t updates() const noexcept { return updates_; }
  void set_updates(std::int64_t updates) noexcept { updates_ = updates; }

 private:
  struct Slot {
    Parameter parameter;
    Tensor average;
  };
  std::vector<Slot> slots_;
  std::int64_t updates_ = 0;
};

}  // namespace athanor::optim
