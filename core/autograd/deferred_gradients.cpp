#include "core/autograd/deferred_gradients.h"

#include "core/autograd/deferral.h"
#include "kernels/base/error.h"

#include <unordered_set>

namespace athanor {

DeferredGradients::DeferredGradients(std::vector<std::unique_ptr<Deferral>> deferrals)
    : deferrals_(std::make_unique<std::vector<std::unique_ptr<Deferral>>>(std::move(deferrals))) {}
DeferredGradients::~DeferredGradients() = default;
DeferredGradients::DeferredGradients(DeferredGradients&&) noexcept = default;
DeferredGradients& DeferredGradients::operator=(DeferredGradients&&) noexcept = default;

void DeferredGradients::run() {
  if (!deferrals_)
    throw Failure(ErrorKind::internal, "add the gradients that were left for later",
                  "they have been added already, or belong to another value by now");
  const auto deferrals = std::move(deferrals_);
  for (auto& deferral : *deferrals) {
    deferral->run();
    deferral.reset();
  }
}

std::size_t DeferredGradients::bytes() const {
  std::size_t sum = 0;
  std::unordered_set<const Storage*> counted{nullptr};
  for (std::size_t i = 0; deferrals_ && i < deferrals_->size(); ++i)
    for (const SavedTensor& kept : (*deferrals_)[i]->kept())
      if (const Storage* storage = kept.storage(); counted.insert(storage).second) sum += storage->bytes();
  return sum;
}

}  // namespace athanor
