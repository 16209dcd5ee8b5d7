// LAMB over named f32 parameters: Adam's step, made proportional to each tensor's norm. For very large batches. Formula
// and source: kernels/ops/optim/lamb.h.
#pragma once

#include "core/optim/optimizer.h"

namespace athanor::optim {

struct LambOptions {
  float beta1 = 0.9f, beta2 = 0.98f, eps = 1e-6f;
  float weight_decay = 0.05f;  // only of parameters that decay; the others keep Adam's step
};

class Lamb final : public Optimizer {
 public:
  // State: "m" and "v", starting at 0.
  Lamb(Context& context, const std::vector<Parameter>& parameters, const LambOptions& options);

 private:
  void update(Context& context, Update& update) override;
  [[nodiscard]] Betas betas() const override { return {options_.beta1, options_.beta2}; }

  LambOptions options_;
};

}  // namespace athanor::optim
