#include "core/nn/layers.h"

#include "core/nn/low_rank.h"
#include "core/ops/index.h"

namespace athanor::nn {

namespace {

constexpr float kPositionDeviation = 0.02f;

ParameterTraits undecayed(const Init& init) { return {.init = init, .decays = false}; }

}  // namespace

Linear::Linear(const Scope& scope, const LinearConfig& config)
    : site_(scope.site(LayerKind::linear, config.in, config.out)),
      weight_(scope.parameter("weight", {config.out, config.in}, {.init = Init::fan_in(config.in), .product = true})) {
  if (config.bias) bias_ = scope.parameter("bias", {config.out}, undecayed(Init::fan_in(config.in)));
}

Variable Linear::product(Context& context, const Variable& x, const ops::LinearOptions& options) const {
  if (LayerPrecision* precision = context.layer_precision())
    return precision->linear(context, *site_, x, weight_, bias_, options);
  return ops::linear(context, x, weight_, bias_, options);
}

Variable Linear::forward(Context& context, const Variable& x, const ops::LinearOptions& options) const {
  if (!weight_->adapter || weight_->adapter->merged) return product(context, x, options);
  return adapted_linear(context, x, *weight_->adapter, options,
                        [&](const ops::LinearOptions& base) { return product(context, x, base); });
}

Conv2d::Conv2d(const Scope& scope, const Conv2dConfig& config)
    : config_(config),
      site_(scope.site(LayerKind::convolution, config.in * config.kernel * config.kernel, config.out)) {
  const Init init = Init::fan_in(config.in * config.kernel * config.kernel);
  weight_ = scope.parameter("weight", {config.out, config.kernel, config.kernel, config.in}, {.init = init});
  if (config.bias) bias_ = scope.parameter("bias", {config.out}, undecayed(init));
}

Variable Conv2d::forward(Context& context, const Variable& x_BHWI) const {
  const ops::Conv2dOptions options{.stride = config_.stride, .padding = config_.padding};
  LayerPrecision* precision = context.layer_precision();
  if (!precision) return ops::conv2d(context, x_BHWI, weight_, bias_, options);
  const Variable x = precision->enter(context, *site_, x_BHWI);
  return precision->leave(context, *site_, ops::conv2d(context, x, weight_, bias_, options));
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
    : site_(scope.site(LayerKind::embedding, vocabulary, channels)),
      weight_(scope.parameter("weight", {vocabulary, channels}, {.init = Init::normal(deviation)})) {}

Variable Embedding::forward(Context& context, const Tensor& ids_BT) const {
  const Variable y = ops::embedding(context, weight_, ids_BT);
  LayerPrecision* precision = context.layer_precision();
  return precision ? precision->leave(context, *site_, y) : y;
}

Positions::Positions(const Scope& scope, std::int64_t most_tokens, std::int64_t channels)
    : weight_(scope.parameter("weight", {most_tokens, channels}, undecayed(Init::normal(kPositionDeviation)))) {}

Variable Positions::forward(Context& context, const Variable& x_BTC) const {
  return ops::add(context, x_BTC, ops::leading(context, weight_, x_BTC.dim(1)));
}

}  // namespace athanor::nn
