// Differentiable reductions over one dim, which the result does not have any more. A negative dim counts from the
// innermost.
#pragma once

#include "core/autograd/variable.h"

namespace athanor::ops {

[[nodiscard]] Variable sum(Context& context, const Variable& x, int dim);
// The dim must not be empty.
[[nodiscard]] Variable mean(Context& context, const Variable& x, int dim);
// The largest element; the gradient goes to the first of equal ones. The dim must not be empty.
[[nodiscard]] Variable max(Context& context, const Variable& x, int dim);
// Where it is, i32. No gradient.
[[nodiscard]] Tensor argmax(Context& context, const Variable& x, int dim);

}  // namespace athanor::ops
