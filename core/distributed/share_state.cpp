#include "core/distributed/share_state.h"

#include <algorithm>
#include <array>

namespace athanor::distributed {
namespace {

// Wide enough for every format that learns, so nothing is rounded.
void share(Context& context, comm::Communicator& ranks, int giver, const Tensor& tensor) {
  std::vector<float> numbers = context.download(tensor);
  ranks.broadcast({numbers.data(), DType::f32, Shape{tensor.numel()}}, giver);
  if (ranks.rank() == giver) return;
  context.write(tensor, numbers);
  tensor.count_change();
}

void share(comm::Communicator& ranks, int giver, std::string& text) {
  auto size = static_cast<std::int64_t>(text.size());
  ranks.broadcast({&size, DType::i64, Shape{1}}, giver);
  text.resize(static_cast<std::size_t>(size));
  if (size > 0) ranks.broadcast({text.data(), DType::u8, Shape{size}}, giver);
}

}  // namespace

std::optional<int> find_giver(comm::Communicator& ranks, std::int64_t done) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(ranks.size()));
  ranks.all_gather({&done, DType::i64, Shape{1}}, {all.data(), DType::i64, Shape{ranks.size()}});
  if (all.front() != kKnowsNothing) return 0;
  const auto furthest = std::ranges::max_element(all);
  if (*furthest == kKnowsNothing) return std::nullopt;
  return static_cast<int>(furthest - all.begin());
}

void share_state(Context& context, comm::Communicator& ranks, int giver, const std::vector<Parameter>& parameters,
                 optim::Optimizer& optimizer, SharedState& state) {
  std::array<std::int64_t, 4> counts{state.progress.done, state.progress.evaluated, state.progress.saved,
                                     optimizer.step_count()};
  ranks.broadcast({counts.data(), DType::i64, Shape{4}}, giver);
  state.progress = {counts[0], counts[1], counts[2]};
  optimizer.set_step_count(counts[3]);
  share(ranks, giver, state.precision);
  share(ranks, giver, state.figures);
  for (const Parameter& parameter : parameters) share(context, ranks, giver, parameter->value);
  for (const auto& [name, tensor] : optimizer.named_state()) share(context, ranks, giver, tensor);
}

}  // namespace athanor::distributed
