// How the loss of a batch and its gradients come about: by this rank alone, or with others that have other rows of the
// batch or other layers of the model.
#pragma once

#include "core/data/loader.h"
#include "core/journal/event.h"
#include "core/tensor/tensor.h"

#include <cstdint>
#include <functional>
#include <string_view>

namespace athanor::train {

// How a pass tells what it does and when. Called by the thread that takes the steps.
struct PassPorts {
  std::function<std::int64_t()> now_ns;
  std::function<void(const journal::Span&)> tell;
  std::function<void(std::string_view section)> at;  // as World::at
  // For a pass whose stages lie on several ranks: asked in forward() where these have met, before anything follows from
  // what the stages have made; false where the parameters have changed meanwhile, so that it is made again. May be
  // empty, unlike the others.
  std::function<bool()> holds = {};
};

class Pass {
 public:
  virtual ~Pass() = default;

  // Whether it is nothing but the loss of the task and its backward pass, which may then be recorded.
  [[nodiscard]] virtual bool is_whole() const noexcept { return false; }
  // The loss [1] of the whole batch, the same on all ranks, given this rank's rows of it. Throws Failure(invalid_input)
  // where these cannot be taken in the parts that were asked for.
  [[nodiscard]] virtual Tensor forward(const data::Batch& batch) = 0;
  // Once after each forward(): adds the gradients of loss_scale times the loss to those of this rank's parameters, of
  // which there are none yet.
  virtual void backward(float loss_scale) = 0;
  // From now on it tells its spans, if it has any of its own; then nobody needs to tell forward() and backward().
  [[nodiscard]] virtual bool watch(const PassPorts&) { return false; }
  // Forgets what a forward() without a backward() has left.
  virtual void drop() = 0;
};

}  // namespace athanor::train
