// AdamW over named parameters. Parameters are f32, or bf16 masters whose small steps are kept by `rounding`; moments
// are f32 or bf16. Formula, formats and sources: kernels/ops/optim/adamw.h.
#pragma once

#include "core/optim/optimizer.h"
#include "kernels/ops/optim/adamw.h"

#include <span>

namespace athanor::optim {

struct AdamWOptions {
  float beta1 = 0.9f, beta2 = 0.98f, eps = 1e-8f;
  float weight_decay = 0.05f;                                              // only of parameters that decay
  DType moments = DType::f32;                                              // or bf16
  kernels::MasterRounding rounding = kernels::MasterRounding::stochastic;  // of parameters that are bf16
};

class AdamW final : public Optimizer {
 public:
  // State: "m", "v", and "compensation" of bf16 parameters that are compensated. It starts at 0.
  AdamW(Context& context, const std::vector<Parameter>& parameters, const AdamWOptions& options);

  [[nodiscard]] const AdamWOptions& options() const noexcept { return options_; }

 private:
  void update(Context& context, Update& update) override;
  void update_format(Context& context, Update& update, DType master, std::span<const kernels::AdamWSegment> segments);
  [[nodiscard]] Betas betas() const override { return {options_.beta1, options_.beta2}; }

  AdamWOptions options_;
};

}  // namespace athanor::optim
