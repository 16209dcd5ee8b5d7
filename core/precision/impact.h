// What a number format of one product would do to the loss and to the weight's gradient, found by computing it once
// more in that format and in f32. After SNIP (Pan et al. 2025): divergence of the loss forward, of the weight's update
// backward.
#pragma once

#include "core/autograd/variable.h"
#include "core/precision/formats.h"
#include "core/tensor/context.h"
#include "kernels/base/activation.h"

#include <array>
#include <functional>

namespace athanor::precision {

struct FormatImpact {
  // |<dy, y' - y>|, to first order the change of the loss; but at least what an error of this size does when it points
  // anywhere, |dy| |y' - y| / sqrt(elements), since one sample may cancel by chance.
  double loss = 0;
  double update = 0;  // |dW' - dW| / |dW|
};
using FormatImpacts = std::array<FormatImpact, kPassFormatCount>;

inline constexpr std::int64_t kProbedRows = 1024;

// One product y = act(x weight^T + bias) with its gradient, on its first kProbedRows rows; what is found stands for all
// of them. Nothing is changed and no gradient of the model is touched. In a dry context only memory is asked for.
class ImpactProbe {
 public:
  // The product without its activation, in some format. May be recorded; must treat all but `weight` as constants.
  using Product = std::function<Variable(const Variable& x, const Variable& weight)>;
  // x [..., K], weight [N, K], dy [..., N] of y. `exact` computes in f32.
  ImpactProbe(Context& context, const Tensor& x, const Tensor& weight, Activation activation, const Tensor& dy,
              const Product& exact);
  [[nodiscard]] FormatImpact of(const Product& product) const;

 private:
  struct Outcome {
    Tensor y, dweight;  // f32
  };
  [[nodiscard]] Outcome compute(const Product& product, const Tensor& x, const Tensor& weight) const;

  Context& context_;
  Tensor x_, weight_, dy_;  // dy f32
  Activation activation_;
  double share_ = 1;  // all rows over the probed ones
  Outcome exact_;
};

}  // namespace athanor::precision
