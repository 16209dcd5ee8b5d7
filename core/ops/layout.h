// Differentiable rearrangements. A negative dim counts from the innermost. Every result is contiguous.
#pragma once

#include "core/autograd/variable.h"

#include <span>
#include <vector>

namespace athanor::ops {

// y.dim(i) = x.dim(order[i]); order names every dim once.
[[nodiscard]] Variable permute(Context& context, const Variable& x, std::span<const int> order);
// Two dims change places.
[[nodiscard]] Variable transpose(Context& context, const Variable& x, int a, int b);

// One behind the other along dim; all other dims are equal. At least one.
[[nodiscard]] Variable concat(Context& context, std::span<const Variable> parts, int dim);
// `length` slices along dim from `start` on; the gradient of the others is 0.
[[nodiscard]] Variable slice(Context& context, const Variable& x, int dim, std::int64_t start, std::int64_t length);
// Slices of the given lengths, which add up to the dim.
[[nodiscard]] std::vector<Variable> split(Context& context, const Variable& x, int dim,
                                          std::span<const std::int64_t> lengths);

// Pictures [B,H,W,C] to tokens [B, (H/P)(W/P), P P C], patches and the pixels in them in row-major order; H and W are
// multiples of the patch size P.
[[nodiscard]] Variable patchify(Context& context, const Variable& pictures, std::int64_t patch);
struct PictureSize {
  std::int64_t height = 0, width = 0;
};
// And back.
[[nodiscard]] Variable unpatchify(Context& context, const Variable& tokens, std::int64_t patch,
                                  const PictureSize& size);

}  // namespace athanor::ops
