#include "core/nn/conv_stem.h"

namespace athanor::nn {

ConvStem::ConvStem(const Scope& scope, const ConvStemConfig& config) : activation_(config.activation) {
  std::int64_t in = config.in;
  for (std::size_t index = 0; index < config.channels.size(); ++index) {
    const Scope stage = scope.child(static_cast<std::int64_t>(index));
    const std::int64_t out = config.channels[index];
    stages_.push_back({Conv2d(stage.child("conv"), {.in = in, .out = out}), LayerNorm(stage.child("norm"), out)});
    in = out;
  }
}

Variable ConvStem::forward(Context& context, const Variable& x_BHWC) const {
  Variable x = x_BHWC;
  for (std::size_t stage = 0; stage < stages_.size(); ++stage) x = forward_stage(context, stage, x);
  return x;
}

Variable ConvStem::forward_stage(Context& context, std::size_t stage, const Variable& x_BHWC) const {
  const Stage& here = stages_[stage];
  const Variable x = ops::max_pool2d(context, here.conv.forward(context, x_BHWC));
  return ops::activation(context, here.norm.forward(context, x), activation_);
}

}  // namespace athanor::nn
