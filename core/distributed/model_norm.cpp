#include "core/distributed/model_norm.h"

namespace athanor::distributed {

ModelNorm::ModelNorm(Context& context, comm::Communicator& ranks, optim::Optimizer& optimizer,
                     const std::vector<optim::ParameterSize>& model, std::vector<Parameter> mine)
    : context_(context), ranks_(ranks), optimizer_(optimizer), mine_(std::move(mine)), sums_(model) {
  optimizer_.set_sum_squares([this](Context&) { return sum_squares(); });
}

ops::SquareSum ModelNorm::sum_squares() {
  sums_.clear();
  for (const Parameter& parameter : mine_)
    if (parameter->trainable) sums_.measure(context_, parameter->path, 0, parameter->gradient);
  const auto numbers = sums_.numbers();
  ranks_.all_reduce(View(numbers.data(), DType::f64, Shape{static_cast<std::int64_t>(numbers.size())}));
  return sums_.upload(context_);
}

}  // namespace athanor::distributed
