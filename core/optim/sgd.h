// Stochastic gradient descent with momentum over named f32 parameters. Formula and source: kernels/ops/optim/sgd.h.
#pragma once

#include "core/optim/optimizer.h"

namespace athanor::optim {

struct SgdOptions {
  float momentum = 0.9f;  // 0: none is kept
  bool nesterov = false;
  float weight_decay = 0.0f;  // only of parameters that decay
};

class Sgd final : public Optimizer {
 public:
  // State: "momentum", starting at 0; none where there is no momentum.
  Sgd(Context& context, const std::vector<Parameter>& parameters, const SgdOptions& options);

 private:
  void update(Context& context, Update& update) override;

  SgdOptions options_;
};

}  // namespace athanor::optim
