// Differentiable element-wise ops.
#pragma once

#include "core/autograd/variable.h"
#include "kernels/base/activation.h"

#include <cstdint>

namespace athanor::ops {

// y = act(x)
[[nodiscard]] Variable activation(Context& context, const Variable& x, Activation kind);
// y [..., C] = silu(x[..., :C]) * x[..., C:] from x [..., 2C]
[[nodiscard]] Variable swiglu(Context& context, const Variable& x);
// y = a + b; b has the trailing dims of a, all of them or fewer, and is repeated over the rest.
[[nodiscard]] Variable add(Context& context, const Variable& a, const Variable& b);
// x in another floating-point format, rounded to nearest; x itself where it has it. The gradient is cast back.
[[nodiscard]] Variable cast(Context& context, const Variable& x, DType format);
// y = factor * x
[[nodiscard]] Variable scale(Context& context, const Variable& x, float factor);

struct DropoutOptions {
  float probability = 0.0f;  // 0 <= probability < 1
  std::uint32_t stream = 0;  // one per place in the model, from its path
  // x is part `part` of `parts` equal ones, by rows of the outermost dim, and draws as the whole does.
  int part = 0, parts = 1;
};
// In training each element is zeroed with this probability and the rest scaled up; otherwise x itself. What is dropped
// is a function of the context's seed and step, the stream and the element's position.
[[nodiscard]] Variable dropout(Context& context, const Variable& x, const DropoutOptions& options);

// The same elements in another shape; no copy.
[[nodiscard]] Variable reshape(Context& context, const Variable& x, const Shape& shape);
// The first `count` of the outermost dim; no copy.
[[nodiscard]] Variable leading(Context& context, const Variable& x, std::int64_t count);

}  // namespace athanor::ops
