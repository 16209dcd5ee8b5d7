#include "core/nn/layers.h"

#include "core/ops/index.h"

namespace athanor::nn {

namespace {

constexpr float kPositionDeviation = 0.02f;

ParameterTraits undecayed(const Init& init) { return {.init = init, .decays = false}; }

}  // namespace

Linear::Linear(const Scope& scope, const LinearConfig& config)
    : weight_(scope.parameter("weight", {config.out, config.in}, {.init = Init::fan_in(config.in)})) {
  if (config.bias) bias_ = scope.parameter("bias", {config.out}, undecayed(Init::fan_in(config.in)));
}

Variable Linear::forward(Context& context, const Variable& x, const ops::LinearOptions& options) const {
  return ops::linear(context, x, weight_, bias_, options);
}

Conv2d::Conv2d(const Scope& scope, const Conv2dConfig& config) : config_(config) {
  const Init init = Init::fan_in(config.in * config.kernel * config.kernel);
  weight_ = scope.parameter("weight", {config.out, config.kernel, config.kernel, config.in}, {.init = init});
  if (config.bias) bias_ = scope.parameter("bias", {config.out}, undecayed(init));
}

Variable Conv2d::forward(Context& context, const Variable& x_BHWI) const {
  return ops::conv2d(context, x_BHWI, weight_, bias_, {.stride = config_.stride, .padding = config_.padding});
}

LayerNorm::LayerNorm(const Scope& scope, std::int64_t channels, float eps)
    : eps_(eps),
      gain_(scope.parameter("gain", {channels}, undecayed(Init::constant(1)))),
      bias_(scope.parameter("bias", {channels}, undecayed(Init::zeros()))) {}

Variable LayerNorm::forward(Context& context, const Variable& x) const {
  return ops::layer_norm(context, x, gain_, bias_, eps_);
}

RmsNorm::RmsNorm(const Scope& scope, std::int64_t channels, float eps)
    : eps_(eps), gain_(scope.parameter("gain", {channels}, undecayed(Init::constant(1)))) {}

Variable RmsNorm::forward(Context& context, const Variable& x) const { return ops::rms_norm(context, x, gain_, eps_); }

GroupNorm::GroupNorm(const Scope& scope, std::int64_t channels, const ops::GroupNormOptions& options)
    : options_(options),
      gain_(scope.parameter("gain", {channels}, undecayed(Init::constant(1)))),
      bias_(scope.parameter("bias", {channels}, undecayed(Init::zeros()))) {}

Variable GroupNorm::forward(Context& context, const Variable& x) const {
  return ops::group_norm(context, x, gain_, bias_, options_);
}

Embedding::Embedding(const Scope& scope, std::int64_t vocabulary, std::int64_t channels, float deviation)
    : weight_(scope.parameter("weight", {vocabulary, channels}, {.init = Init::normal(deviation)})) {}

Variable Embedding::forward(Context& context, const Tensor& ids_BT) const {
  return ops::embedding(context, weight_, ids_BT);
}

Positions::Positions(const Scope& scope, std::int64_t most_tokens, std::int64_t channels)
    : weight_(scope.parameter("weight", {most_tokens, channels}, undecayed(Init::normal(kPositionDeviation)))) {}

Variable Positions::forward(Context& context, const Variable& x_BTC) const {
  return ops::add(context, x_BTC, ops::leading(context, weight_, x_BTC.dim(1)));
}

}  // namespace athanor::nn
