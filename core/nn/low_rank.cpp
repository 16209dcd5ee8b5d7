#include "core/nn/low_rank.h"

#include "kernels/base/error.h"

#include <set>

namespace athanor::nn {
namespace {

constexpr std::string_view kWeight = ".weight";

void shift_weight(const Context& context, const Parameter& weight, float factor) {
  const LowRank& low = *weight->adapter;
  const auto a = context.download(low.a->value), b = context.download(low.b->value);
  auto w = context.download(weight->value);
  const auto rank = static_cast<std::size_t>(low.a->value.dim(0)), in = static_cast<std::size_t>(low.a->value.dim(1));
  std::vector<double> row(in);
  for (std::size_t out = 0; out * in < w.size(); ++out) {
    row.assign(in, 0.0);
    for (std::size_t r = 0; r < rank; ++r) {
      const double share = static_cast<double>(b[out * rank + r]) * factor * low.scale;
      for (std::size_t i = 0; i < in; ++i) row[i] += share * a[r * in + i];
    }
    for (std::size_t i = 0; i < in; ++i) w[out * in + i] = static_cast<float>(w[out * in + i] + row[i]);
  }
  context.write(weight->value, w);
}

void set_merged(const Context& context, const ParameterSet& parameters, bool merged) {
  for (const Parameter& parameter : parameters.all()) {
    if (!parameter->adapter || parameter->adapter->merged == merged) continue;
    if (!context.dry()) shift_weight(context, parameter, merged ? 1.0f : -1.0f);
    parameter->adapter->merged = merged;
  }
}

}  // namespace

void add_low_rank(Context& context, ParameterSet& parameters, const Parameter& weight, const LowRankConfig& config,
                  std::uint64_t seed) {
  const auto refuse = [&](const char* cause) {
    throw Failure(ErrorKind::invalid_input, "adapt " + weight->path, cause, "Name other modules as targets");
  };
  if (!weight->product || !weight->path.ends_with(kWeight)) refuse("it is no weight of a linear layer");
  if (weight->adapter) refuse("it has an adapter already");
  if (weight->shard) refuse("each rank has a part of it only");
  const std::int64_t out = weight->value.dim(0), in = weight->value.dim(1);
  const Scope scope(context, parameters, seed, weight->path.substr(0, weight->path.size() - kWeight.size()));
  auto adapter = std::make_shared<LowRank>();
  adapter->a = scope.parameter("lora_a", {config.rank, in}, {.init = Init::fan_in(in), .rate = weight->rate});
  adapter->b = scope.parameter("lora_b", {out, config.rank}, {.init = Init::zeros(), .rate = weight->rate});
  adapter->scale = config.alpha / static_cast<float>(config.rank);
  adapter->dropout = {.probability = config.dropout, .stream = scope.child("lora").stream()};
  weight->adapter = std::move(adapter);
  weight->trainable = false;
}

Variable adapted_linear(Context& context, const Variable& x, const LowRank& low, const ops::LinearOptions& options,
                        const std::function<Variable(const ops::LinearOptions&)>& base) {
  const Variable inner = ops::linear(context, ops::dropout(context, x, low.dropout), low.a, {});
  const Variable scaled = ops::scale(context, inner, low.scale);
  if (options.activation == Activation::none) {
    return base({.residual = ops::linear(context, scaled, low.b, {}, {.residual = options.residual})});
  }
  const Variable sum = base({.residual = ops::linear(context, scaled, low.b, {})});
  const Variable y = ops::activation(context, sum, options.activation);
  return options.residual.present() ? ops::add(context, y, options.residual) : y;
}

void merge_low_rank(const Context& context, const ParameterSet& parameters) { set_merged(context, parameters, true); }

void unmerge_low_rank(const Context& context, const ParameterSet& parameters) {
  set_merged(context, parameters, false);
}

std::vector<Parameter> base_parameters(const ParameterSet& parameters) {
  std::set<const ParameterState*> adapters;
  for (const Parameter& parameter : parameters.all()) {
    if (!parameter->adapter) continue;
    adapters.insert(parameter->adapter->a.get());
    adapters.insert(parameter->adapter->b.get());
  }
  std::vector<Parameter> out;
  for (const Parameter& parameter : parameters.all()) {
    if (!adapters.contains(parameter.get())) out.push_back(parameter);
  }
  return out;
}

}  // namespace athanor::nn
