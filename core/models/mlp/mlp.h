// mlp: a classifier of flat vectors.
//   x = gelu(linear(x)), `depth` times; logits = linear(x)
// Letters: B batch, I inputs, V classes.
#pragma once

#include "core/nn/layers.h"

#include <vector>

namespace athanor::models {

struct MlpConfig {
  std::int64_t inputs = 784, hidden = 512, depth = 2, classes = 10;
  Activation activation = Activation::gelu_erf;
};

// Parameters: layers.<i>.{weight,bias}, head.{weight,bias}.
class Mlp {
 public:
  // Throws Failure(invalid_input) naming the field when a size is not positive.
  Mlp(Context& context, const MlpConfig& config, std::uint64_t seed);
  // x [B,I] -> logits [B,V]
  [[nodiscard]] Variable forward(Context& context, const Variable& x_BI) const;
  [[nodiscard]] const std::vector<Parameter>& named_parameters() const noexcept { return parameters_.all(); }
  [[nodiscard]] const MlpConfig& config() const noexcept { return config_; }

 private:
  MlpConfig config_;
  nn::ParameterSet parameters_;
  std::vector<nn::Linear> layers_;
  nn::Linear head_;
};

}  // namespace athanor::models
