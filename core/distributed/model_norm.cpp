#include "core/distributed/model_norm.h"

#include "core/distributed/stopwatch.h"

namespace athanor::distributed {

ModelNorm::ModelNorm(std::vector<comm::Communicator*> axes, optim::Optimizer& optimizer,
                     const std::vector<optim::ParameterSize>& model, std::vector<Part> mine)
    : axes_(std::move(axes)), optimizer_(optimizer), mine_(std::move(mine)), sums_(model) {
  optimizer_.set_sum_squares([this](Context& context) { return sum_squares(context); },
                             [this](Context& context) { measure(context); });
}

void ModelNorm::measure(Context& context) {
  sums_.clear();
  for (const Part& part : mine_)
    if (part.parameter->trainable) sums_.measure(context, part.name, part.first, part.parameter->gradient);
}

ops::SquareSum ModelNorm::sum_squares(Context& context) {
  const auto numbers = sums_.numbers();
  const View view(numbers.data(), DType::f64, Shape{static_cast<std::int64_t>(numbers.size())});
  const Stopwatch watch(waited_);
  for (comm::Communicator* ranks : axes_) ranks->all_reduce(view);
  return sums_.upload(context);
}

}  // namespace athanor::distributed
