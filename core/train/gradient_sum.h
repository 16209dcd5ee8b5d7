// Gradients of micro-batches added in an order that depends on nothing but their number: neighbours first, then pairs
// of pairs, as a binary counter adds its leaves. It is the order in which core/comm/combine.h adds over ranks, so that
// ranks that each add a power of two of micro-batches, and are then added themselves, give the bits of one that adds
// all.
//
// Memory: one copy of all gradients for each level of the tree that waits for its neighbour, at most log2 of the number
// of micro-batches, besides the gradients of the one at work.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <span>
#include <vector>

namespace athanor::train {

class GradientSum {
 public:
  // Takes the gradients of the next micro-batch out of the parameters, always the same ones.
  void add(Context& context, std::span<const Parameter> parameters);
  // Puts the sums back, as the parameters' gradients; the next add() begins anew.
  void finish(Context& context, std::span<const Parameter> parameters);
  // Instead of the last add() and finish(), one parameter after the other as their gradients become complete: adds what
  // was added before to the gradient of the last micro-batch. Once for each parameter, then clear().
  void finish(Context& context, std::size_t parameter, Tensor& gradient);
  void clear() { levels_.clear(); }

 private:
  using Gradients = std::vector<Tensor>;  // by parameter; absent where it has none
  std::vector<Gradients> levels_;         // level k holds 2^k micro-batches, or is empty
};

// sum += addend; either may be absent, which counts as zero.
void add_gradient(Context& context, Tensor& sum, Tensor addend);
// The same for the gradients of all parameters.
void add_gradients(Context& context, std::span<const Parameter> parameters, std::vector<Tensor> addends);

}  // namespace athanor::train
