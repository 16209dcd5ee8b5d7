#include "core/distributed/share_state.h"

#include <array>

namespace athanor::distributed {
namespace {

// Wide enough for every format that learns, so nothing is rounded.
void share(Context& context, comm::Communicator& ranks, const Tensor& tensor) {
  std::vector<float> numbers = context.download(tensor);
  ranks.broadcast({numbers.data(), DType::f32, Shape{tensor.numel()}}, 0);
  if (ranks.rank() == 0) return;
  context.write(tensor, numbers);
  tensor.count_change();
}

void share(comm::Communicator& ranks, std::string& text) {
  auto size = static_cast<std::int64_t>(text.size());
  ranks.broadcast({&size, DType::i64, Shape{1}}, 0);
  text.resize(static_cast<std::size_t>(size));
  if (size > 0) ranks.broadcast({text.data(), DType::u8, Shape{size}}, 0);
}

}  // namespace

void share_state(Context& context, comm::Communicator& ranks, const std::vector<Parameter>& parameters,
                 optim::Optimizer& optimizer, SharedState& state) {
  std::array<std::int64_t, 2> counts{state.done, optimizer.step_count()};
  ranks.broadcast({counts.data(), DType::i64, Shape{2}}, 0);
  state.done = counts[0];
  optimizer.set_step_count(counts[1]);
  share(ranks, state.precision);
  for (const Parameter& parameter : parameters) share(context, ranks, parameter->value);
  for (const auto& [name, tensor] : optimizer.named_state()) share(context, ranks, tensor);
}

}  // namespace athanor::distributed
