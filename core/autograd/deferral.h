// The gradients of some parameters of one op, left for later: the link between the pass that left them, the value that
// owns them (deferred_gradients.h) and the parameters that they are owed to.
//
// Each parameter has its gradients added in the order in which they were left, whoever asks for which of them first: a
// sum of floating-point numbers depends on its order, and so does a product that is added to what is there.
#pragma once

#include "core/autograd/node.h"
#include "core/autograd/open_uses.h"

#include <memory>
#include <vector>

namespace athanor {

class Deferral {
 public:
  // `edges` stand where the op's inputs stand; those not left are empty. Queues itself at the parameters.
  Deferral(Context& context, std::shared_ptr<OpenUses> uses, std::vector<Edge> edges, std::vector<SavedTensor> kept,
           DeferredFunction function);
  // Not run, the gradients are lost.
  ~Deferral() { withdraw(); }
  Deferral(const Deferral&) = delete;
  Deferral& operator=(const Deferral&) = delete;

  // Adds the gradients, after all that were left before for the same parameters, and frees what was kept. Does nothing
  // the second time.
  void run();
  // Another parameter of the op had no gradient when its own was given: what is owed is written apart and then added.
  void write_apart() noexcept { may_accumulate_ = false; }
  [[nodiscard]] const std::vector<SavedTensor>& kept() const noexcept { return kept_; }

 private:
  void withdraw() noexcept;
  void compute(const DeferredFunction& function);

  Context& context_;
  std::shared_ptr<OpenUses> uses_;
  std::vector<Edge> edges_;
  std::vector<SavedTensor> kept_;
  DeferredFunction function_;  // empty once it has run
  bool may_accumulate_ = true;
};

// Adds whatever is owed to a parameter: to be called before it is given anything else.
void settle(ParameterState& parameter);

}  // namespace athanor
