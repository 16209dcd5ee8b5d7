// Differentiable reductions over one dim, which the result does not have any more. A negative dim counts from the
// innermost.
#pragma once

#include "core/autograd/variable.h"
#include "core/memory/allocator.h"

#include <span>

namespace athanor::ops {

[[nodiscard]] Variable sum(Context& context, const Variable& x, int dim);
// The dim must not be empty.
[[nodiscard]] Variable mean(Context& context, const Variable& x, int dim);
// The largest element; the gradient goes to the first of equal ones. The dim must not be empty.
[[nodiscard]] Variable max(Context& context, const Variable& x, int dim);
// Where it is, i32. No gradient.
[[nodiscard]] Tensor argmax(Context& context, const Variable& x, int dim);

// Over all numbers of some f32 tensors: the sum of the squares of the finite ones, f64 [1], and how many are not
// finite, i64 [1]. No gradient.
struct SquareSum {
  Tensor squares, nonfinite;
  // Each costs a trip to the device; 0 in a dry run.
  [[nodiscard]] double read_squares(const Context& context) const;
  [[nodiscard]] std::int64_t read_nonfinite(const Context& context) const;
};
[[nodiscard]] SquareSum sum_squares(Context& context, std::span<const Tensor> tensors,
                                    MemoryTag tag = MemoryTag::workspace);
// The same, into tensors that are there.
void sum_squares(Context& context, std::span<const Tensor> tensors, const SquareSum& sum);

}  // namespace athanor::ops
