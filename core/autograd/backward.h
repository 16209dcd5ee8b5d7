// The backward pass: gradients of one value with respect to every parameter it depends on.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <span>
#include <vector>

namespace athanor {

// Adds seed * d loss / d parameter to ParameterState::gradient of every trainable parameter. `loss` has one element.
// Frees the tape and what it saved as it goes: a second pass over the same tape throws Failure(internal).
void backward(Context& context, const Variable& loss, float seed = 1.0f);
// The same for a value of any shape, from the gradient with respect to it.
void backward(Context& context, const Variable& root, Tensor gradient);
// The same for several values in one pass, after which no gradient of a parameter is still to come: its hooks are
// called once.
void backward(Context& context, std::span<const Variable> roots, std::vector<Tensor> gradients);

}  // namespace athanor
