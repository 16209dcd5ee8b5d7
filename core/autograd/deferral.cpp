#include "core/autograd/deferral.h"

#include <algorithm>
#include <utility>

namespace athanor {

Deferral::Deferral(Context& context, std::shared_ptr<OpenUses> uses, std::vector<Edge> edges,
                   std::vector<SavedTensor> kept, DeferredFunction function)
    : context_(context),
      uses_(std::move(uses)),
      edges_(std::move(edges)),
      kept_(std::move(kept)),
      function_(std::move(function)) {
  for (const Edge& edge : edges_)
    if (edge.parameter) edge.parameter->owed.push_back(this);
}

void Deferral::run() {
  if (!function_) return withdraw();
  const DeferredFunction function = std::exchange(function_, nullptr);
  for (const Edge& edge : edges_)
    while (edge.parameter && edge.parameter->owed.front() != this) edge.parameter->owed.front()->run();
  withdraw();
  compute(function);
  for (const Edge& edge : std::exchange(edges_, {}))
    if (edge.parameter) uses_->close(context_, edge.parameter);
}

void Deferral::compute(const DeferredFunction& function) {
  const NoGradient scope(context_);
  std::vector<Tensor> kept;
  for (const SavedTensor& saved : std::exchange(kept_, {}))
    kept.push_back(saved.present() ? saved.unpack(context_) : Tensor());
  BackwardCall call(context_, edges_, may_accumulate_);
  function(call, kept);
}

void Deferral::withdraw() noexcept {
  for (const Edge& edge : edges_)
    if (edge.parameter) std::erase(edge.parameter->owed, this);
}

void settle(ParameterState& parameter) {
  while (!parameter.owed.empty()) parameter.owed.front()->run();
}

}  // namespace athanor
