#include "core/distributed/pipeline_optimizer.h"

namespace athanor::distributed {

PipelineOptimizer::PipelineOptimizer(Context& context, comm::Communicator& pipeline, optim::Optimizer& optimizer,
                                     const std::vector<optim::ParameterSize>& model, std::vector<Parameter> mine,
                                     int stages)
    : context_(context),
      pipeline_(pipeline),
      optimizer_(optimizer),
      mine_(std::move(mine)),
      sums_(model),
      stages_(stages) {
  optimizer_.set_sum_squares([this](Context&) { return sum_squares(); });
}

void PipelineOptimizer::arrive() {
  if (++arrived_ < stages_) return;
  arrived_ = 0;
  report_ = optimizer_.step(context_, options_);
  optimizer_.clear_gradients();
}

ops::SquareSum PipelineOptimizer::sum_squares() {
  sums_.clear();
  for (const Parameter& parameter : mine_)
    if (parameter->trainable) sums_.measure(context_, parameter->path, 0, parameter->gradient);
  const auto numbers = sums_.numbers();
  pipeline_.all_reduce(View(numbers.data(), DType::f64, Shape{static_cast<std::int64_t>(numbers.size())}));
  return sums_.upload(context_);
}

}  // namespace athanor::distributed
