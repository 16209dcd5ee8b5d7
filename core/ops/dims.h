// A dim of a tensor seen as the middle one of three, which is how kernels that work along a dim take it.
#pragma once

#include "core/autograd/variable.h"

namespace athanor::ops {

// The dim that `dim` names, counted from the outermost; negative dims count from the innermost. Throws
// Failure(invalid_input) with the op and x's shape where there is no such dim.
[[nodiscard]] int checked_dim(const char* op, const Variable& x, int dim);
// [product of the dims before, dim, product of the dims after]
[[nodiscard]] Shape around(const Shape& shape, int dim);
[[nodiscard]] Shape without(const Shape& shape, int dim);
[[nodiscard]] Shape with(const Shape& shape, int dim, std::int64_t size);

}  // namespace athanor::ops
