#include "core/models/mlp/mlp.h"

#include "kernels/base/error.h"

namespace athanor::models {

namespace {

const MlpConfig& checked(const MlpConfig& config) {
  const auto require = [](const char* field, std::int64_t value, std::int64_t least) {
    if (value < least)
      throw Failure(ErrorKind::invalid_input, "build the mlp model",
                    std::string("model.") + field + " is " + std::to_string(value),
                    "Choose at least " + std::to_string(least));
  };
  require("inputs", config.inputs, 1);
  require("hidden", config.hidden, 1);
  require("depth", config.depth, 0);
  require("classes", config.classes, 1);
  return config;
}

}  // namespace

Mlp::Mlp(Context& context, const MlpConfig& config, std::uint64_t seed)
    : config_(checked(config)),
      head_(nn::Scope(context, parameters_, seed, "head"),
            {.in = config.depth > 0 ? config.hidden : config.inputs, .out = config.classes}) {
  const nn::Scope scope(context, parameters_, seed, "layers");
  for (std::int64_t index = 0; index < config.depth; ++index)
    layers_.emplace_back(scope.child(index),
                         nn::LinearConfig{.in = index == 0 ? config.inputs : config.hidden, .out = config.hidden});
}

Variable Mlp::forward(Context& context, const Variable& x_BI) const {
  Variable x = x_BI;
  for (const nn::Linear& layer : layers_) x = layer.forward(context, x, {.activation = config_.activation});
  return head_.forward(context, x);
}

}  // namespace athanor::models
