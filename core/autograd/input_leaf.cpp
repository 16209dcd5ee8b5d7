#include "core/autograd/input_leaf.h"

#include "core/autograd/node.h"

#include <utility>

namespace athanor {

InputLeaf::InputLeaf(Context& context, Tensor value) : gradient_(std::make_shared<Tensor>()) {
  const auto store = [gradient = gradient_](BackwardCall& call) { *gradient = std::move(call.output_gradient()); };
  variable_ =
      Variable(std::move(value), std::make_shared<Node>("input", context.next_sequence(), std::vector<Edge>{}, store));
}

Tensor InputLeaf::take_gradient() { return std::exchange(*gradient_, {}); }

}  // namespace athanor
