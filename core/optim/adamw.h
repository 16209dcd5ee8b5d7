// AdamW over named parameters, with clipping by the global norm and a refusal to step on non-finite gradients.
// Formula and sources: kernels/ops/optim/adamw.h.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace athanor::optim {

struct AdamWOptions {
  float beta1 = 0.9f, beta2 = 0.98f, eps = 1e-8f;
  float weight_decay = 0.05f;  // only of parameters that decay
};

struct StepOptions {
  float learning_rate = 0.0f;   // multiplied by each parameter's own rate
  float max_norm = 0.0f;        // 0: no clipping
  float gradient_scale = 1.0f;  // applied to gradients first, for example 1/micro-batches
};

struct StepReport {
  double gradient_norm = 0;    // of all gradients after scaling, before clipping; finite elements only
  std::int64_t nonfinite = 0;  // elements that are NaN or infinite; when not 0 nothing was changed
  [[nodiscard]] bool applied() const noexcept { return nonfinite == 0; }
};

// Parameters that share weight decay and rate.
struct ParameterGroup {
  float weight_decay = 0.0f;
  float rate = 1.0f;
  std::vector<std::string> paths;
};

class AdamW {
 public:
  // Parameters that are not trainable are left out. The state starts at 0.
  AdamW(Context& context, const std::vector<Parameter>& parameters, const AdamWOptions& options);

  // Updates every parameter that has a gradient. Counts the step only when it was applied.
  [[nodiscard]] StepReport step(Context& context, const StepOptions& options);
  void clear_gradients();

  [[nodiscard]] std::int64_t step_count() const noexcept { return step_count_; }
  void set_step_count(std::int64_t count) noexcept { step_count_ = count; }
  // "<path>.m" and "<path>.v" for each parameter; the tensors are the state itself (see Context::write).
  [[nodiscard]] std::vector<std::pair<std::string, Tensor>> named_state() const;
  [[nodiscard]] std::vector<ParameterGroup> groups() const;
  [[nodiscard]] const AdamWOptions& options() const noexcept { return options_; }

 private:
  struct Slot {
    Parameter parameter;
    Tensor m, v;
  };
  [[nodiscard]] float decay_of(const ParameterState& parameter) const {
    return parameter.decays ? options_.weight_decay : 0.0f;
  }
  void measure(Context& context, const Tensor& sum_squares, const Tensor& nonfinite) const;
  void update(Context& context, const StepOptions& options, const Tensor& sum_squares);

  AdamWOptions options_;
  std::vector<Slot> slots_;
  std::int64_t step_count_ = 0;
};

}  // namespace athanor::optim
