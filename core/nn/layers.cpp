#include "core/nn/layers.h"

#include "core/nn/low_rank.h"
#include "core/ops/index.h"

namespace athanor::nn {

namespace {

constexpr float kPositionDeviation = 0.02f;

ParameterTraits undecayed(const Init& init) { return {.init = init, .decays = false}; }

}  // namespace

TokenRows token_rows(const Context& context, const Variable& x_BTC) {
  const ops::TensorGroup* const ranks = ops::group_of(context);
  if (ranks == nullptr || !ranks->divides_rows()) return {};
  const std::int64_t rows = x_BTC.dim(0) * x_BTC.dim(1);
  constexpr std::int64_t kDrawnTogether = 4;  // numbers, by dropout
  if (rows % ranks->count() != 0 || rows / ranks->count() * x_BTC.dim(2) % kDrawnTogether != 0) return {};
  return {x_BTC.dim(0), x_BTC.dim(1)};
}

Variable divide_rows(Context& context, const Variable& x_BTC, const TokenRows& rows) {
  if (!rows.divided()) return x_BTC;
  return ops::take_rows(context, ops::reshape(context, x_BTC, {rows.batch * rows.tokens, x_BTC.dim(2)}));
}

Variable join_rows(Context& context, const Variable& x, const TokenRows& rows) {
  if (!rows.divided()) return x;
  return ops::reshape(context, ops::join_rows(context, x), {rows.batch, rows.tokens, x.dim(1)});
}

Variable shared(Context& context, const Parameter& parameter, const TokenRows& rows) {
  return rows.divided() ? ops::copy_to_group(context, parameter) : Variable(parameter);
}

namespace {

// Of a weight [out, in], and of a bias [out], which whole outputs have whole.
std::optional<Division> division_of(const LinearConfig& config, int rank) {
  if (config.divide == Divide::outputs) return Division{.dim = 0, .blocks = config.blocks};
  if (config.divide == Divide::inputs && rank == 2) return Division{.dim = 1};
  return std::nullopt;
}

std::shared_ptr<const Site> linear_site(const Scope& scope, const LinearConfig& config) {
  std::int64_t in = config.in, out = config.out;
  if (config.divide == Divide::outputs) out = config.blocks * scope.share_of(out / config.blocks, "outputs");
  if (config.divide == Divide::inputs) in = scope.share_of(in, "inputs");
  return scope.site(LayerKind::linear, in, out);
}

}  // namespace

Linear::Linear(const Scope& scope, const LinearConfig& config)
    : divide_(scope.group() ? config.divide : Divide::none),
      site_(linear_site(scope, config)),
      weight_(scope.parameter("weight", {config.out, config.in},
                              {.init = Init::fan_in(config.in), .product = true, .division = division_of(config, 2)})) {
  if (config.bias)
    bias_ = scope.parameter("bias", {config.out},
                            {.init = Init::fan_in(config.in), .decays = false, .division = division_of(config, 1)});
}

Variable Linear::product(Context& context, const Variable& x, const Variable& bias,
                         const ops::LinearOptions& options) const {
  if (LayerPrecision* precision = context.layer_precision())
    return precision->linear(context, *site_, x, weight_, bias, options);
  return ops::linear(context, x, weight_, bias, options);
}

Variable Linear::whole(Context& context, const Variable& x, const ops::LinearOptions& options) const {
  if (!weight_->adapter || weight_->adapter->merged) return product(context, x, bias_, options);
  return adapted_linear(context, x, *weight_->adapter, options,
                        [&](const ops::LinearOptions& base) { return product(context, x, bias_, base); });
}

// The bias and the residual are added once, after the sum.
Variable Linear::summed(Context& context, const Variable& x, const ops::LinearOptions& options,
                        const TokenRows& rows) const {
  Variable y = rows.divided() ? ops::reduce_rows(context, product(context, x, {}, {}))
                              : ops::reduce_from_group(context, product(context, x, {}, {}));
  if (bias_) y = ops::add(context, y, shared(context, bias_, rows));
  if (options.activation != Activation::none) y = ops::activation(context, y, options.activation);
  return options.residual.present() ? ops::add(context, y, options.residual) : y;
}

Variable Linear::forward(Context& context, const Variable& x, const ops::LinearOptions& options,
                         const TokenRows& rows) const {
  switch (divide_) {
    case Divide::none: break;
    case Divide::outputs:
      return whole(context, rows.divided() ? ops::gather_rows(context, x) : ops::copy_to_group(context, x), options);
    case Divide::inputs: return summed(context, x, options, rows);
  }
  return whole(context, x, options);
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

Variable LayerNorm::forward(Context& context, const Variable& x, const TokenRows& rows) const {
  return ops::layer_norm(context, x, shared(context, gain_, rows), shared(context, bias_, rows), eps_);
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

std::optional<Division> vocabulary_division(const Scope& scope, std::int64_t vocabulary) {
  if (scope.group() == nullptr || vocabulary < scope.group()->count()) return std::nullopt;
  return Division{};
}

Variable look_up(Context& context, const Parameter& table, const Tensor& ids_BT) {
  if (!table->shard) return ops::embedding(context, table, ids_BT);
  const ops::TableRows rows{.first = table->shard->boxes.front().offset.front(), .all = table->shard->shape.front()};
  return ops::reduce_from_group(context, ops::embedding(context, table, ids_BT, rows));
}

Embedding::Embedding(const Scope& scope, std::int64_t vocabulary, std::int64_t channels, float deviation)
    : site_(scope.site(LayerKind::embedding, vocabulary, channels)),
      weight_(scope.parameter("weight", {vocabulary, channels},
                              {.init = Init::normal(deviation), .division = vocabulary_division(scope, vocabulary)})) {}

Variable Embedding::forward(Context& context, const Tensor& ids_BT) const {
  const Variable y = look_up(context, weight_, ids_BT);
  LayerPrecision* precision = context.layer_precision();
  return precision ? precision->leave(context, *site_, y) : y;
}

Positions::Positions(const Scope& scope, std::int64_t most_tokens, std::int64_t channels)
    : weight_(scope.parameter("weight", {most_tokens, channels}, undecayed(Init::normal(kPositionDeviation)))) {}

Variable Positions::forward(Context& context, const Variable& x_BTC) const {
  return ops::add(context, x_BTC, ops::leading(context, weight_, x_BTC.dim(1)));
}

Variable Dropout::forward(Context& context, const Variable& x, const TokenRows& rows) const {
  if (!rows.divided()) return ops::dropout(context, x, options_);
  const ops::TensorGroup& ranks = ops::needed_group(context);
  ops::DropoutOptions options = options_;
  options.part = ranks.index();
  options.parts = ranks.count();
  return ops::dropout(context, x, options);
}

}  // namespace athanor::nn
