#include "kernels/ops/layout/copy.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/dims.h"
#include "core/ops/layout.h"

#include <fmt/format.h>

#include <array>
#include <numeric>

namespace athanor::ops {

namespace {

using Order = std::array<int, Shape::kMaxRank>;

// x with its dims in another order, copied.
Tensor permuted(Context& context, const Tensor& x, std::span<const int> order, MemoryTag tag) {
  Shape shape, strides;
  for (const int dim : order) {
    shape.push_back(x.dim(dim));
    strides.push_back(x.strides()[dim]);
  }
  Tensor y = context.empty(shape, x.dtype(), tag);
  context.launch("copy", kernels::copy,
                 kernels::CopyArgs{.x = View(x.view().data, x.dtype(), shape, strides), .y = y.view()});
  return y;
}

// Copies x, seen as `seen`, with its dims in another order, and gives it the shape `as`.
Variable rearrange(Context& context, const char* op, const Variable& x, const Shape& seen, std::span<const int> order,
                   const Shape& as) {
  const Tensor moved = permuted(context, x.value().reshape(seen), order, MemoryTag::activations);
  Tensor y = moved.reshape(as);
  if (!recording(context, {&x})) return y;
  Order back{};
  for (std::size_t i = 0; i < order.size(); ++i) back[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
  // Input of the node: 0 x.
  return record(
      context, op, std::move(y), {&x}, [back, moved_shape = moved.shape(), before = x.shape()](BackwardCall& call) {
        const Tensor dy = std::move(call.output_gradient());
        const auto rank = static_cast<std::size_t>(moved_shape.rank());
        const Tensor dx =
            permuted(call.context(), dy.reshape(moved_shape), std::span(back).first(rank), call.gradient_tag(0));
        call.give(0, dx.reshape(before));
      });
}

void check_patches(const char* op, const std::string& described, std::int64_t patch, std::int64_t height,
                   std::int64_t width) {
  if (patch < 1 || height < 0 || width < 0 || height % patch != 0 || width % patch != 0)
    refuse(op, fmt::format("{}, and pictures of {} x {} cannot be cut into patches of {} x {}", described, height,
                           width, patch, patch));
}

}  // namespace

Variable permute(Context& context, const Variable& x, std::span<const int> order) {
  check_numbers("permute", "x", x);
  Order dims{};
  unsigned seen = 0;
  bool fits = static_cast<int>(order.size()) == x.rank();
  for (std::size_t i = 0; fits && i < order.size(); ++i) {
    dims[i] = checked_dim("permute", x, order[i]);
    fits = (seen & (1u << dims[i])) == 0;
    seen |= 1u << dims[i];
  }
  if (!fits)
    refuse("permute", fmt::format("{}, of which the order {} does not name every dim once", describe("x", x),
                                  fmt::join(order, ",")));
  Shape shape;
  for (std::size_t i = 0; i < order.size(); ++i) shape.push_back(x.dim(dims[i]));
  return rearrange(context, "permute", x, x.shape(), std::span(dims).first(order.size()), shape);
}

Variable transpose(Context& context, const Variable& x, int a, int b) {
  check_numbers("transpose", "x", x);
  a = checked_dim("transpose", x, a);
  b = checked_dim("transpose", x, b);
  Order order{};
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[static_cast<std::size_t>(a)], order[static_cast<std::size_t>(b)]);
  Shape shape = x.shape();
  std::swap(shape[a], shape[b]);
  return rearrange(context, "transpose", x, x.shape(), std::span(order).first(static_cast<std::size_t>(x.rank())),
                   shape);
}

Variable patchify(Context& context, const Variable& pictures, std::int64_t patch) {
  check_numbers("patchify", "pictures", pictures);
  if (pictures.rank() != 4) refuse("patchify", describe("pictures", pictures) + ", but [B, H, W, C] is needed");
  const std::int64_t batch = pictures.dim(0), channels = pictures.dim(3);
  check_patches("patchify", describe("pictures", pictures), patch, pictures.dim(1), pictures.dim(2));
  const std::int64_t down = pictures.dim(1) / patch, across = pictures.dim(2) / patch;
  return rearrange(context, "patchify", pictures, {batch, down, patch, across, patch, channels},
                   std::array{0, 1, 3, 2, 4, 5}, {batch, down * across, patch * patch * channels});
}

Variable unpatchify(Context& context, const Variable& tokens, std::int64_t patch, const PictureSize& size) {
  check_numbers("unpatchify", "tokens", tokens);
  const std::string described = describe("tokens", tokens);
  check_patches("unpatchify", described, patch, size.height, size.width);
  const std::int64_t down = size.height / patch, across = size.width / patch, pixels = patch * patch;
  if (tokens.rank() != 3 || tokens.dim(1) != down * across || tokens.dim(2) % pixels != 0)
    refuse("unpatchify", fmt::format("{}, but [B, {}, a multiple of {}] is needed for {} x {} patches of {} x {}",
                                     described, down * across, pixels, down, across, patch, patch));
  const std::int64_t batch = tokens.dim(0), channels = tokens.dim(2) / pixels;
  return rearrange(context, "unpatchify", tokens, {batch, down, across, patch, patch, channels},
                   std::array{0, 1, 3, 2, 4, 5}, {batch, size.height, size.width, channels});
}

Variable slice(Context& context, const Variable& x, int dim, std::int64_t start, std::int64_t length) {
  check_numbers("slice", "x", x);
  dim = checked_dim("slice", x, dim);
  if (start < 0 || length < 0 || start > x.dim(dim) - length)
    refuse("slice",
           fmt::format("{}, of which {} from {} on along dim {} are wanted", describe("x", x), length, start, dim));
  Tensor y = context.clone(x.value().narrow(dim, start, length));
  if (!recording(context, {&x})) return y;
  // Input of the node: 0 x.
  return record(context, "slice", std::move(y), {&x}, [before = x.shape(), dim, start, length](BackwardCall& call) {
    const Tensor dy = std::move(call.output_gradient());
    Tensor dx = call.context().full(before, 0.0f, call.gradient_tag(0), dy.dtype());
    call.context().copy(dy, dx.narrow(dim, start, length));
    call.give(0, std::move(dx));
  });
}

std::vector<Variable> split(Context& context, const Variable& x, int dim, std::span<const std::int64_t> lengths) {
  check_numbers("split", "x", x);
  dim = checked_dim("split", x, dim);
  bool fits = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0}) == x.dim(dim);
  for (const std::int64_t length : lengths) fits = fits && length >= 0;
  if (!fits)
    refuse("split",
           fmt::format("{}, and parts of {} do not add up to dim {}", describe("x", x), fmt::join(lengths, ","), dim));
  std::vector<Variable> parts;
  std::int64_t start = 0;
  for (const std::int64_t length : lengths) {
    parts.push_back(slice(context, x, dim, start, length));
    start += length;
  }
  return parts;
}

namespace {

// The size of the result along the dim.
std::int64_t check_concat(std::span<const Variable> parts, int dim) {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string name = fmt::format("parts[{}]", i);
    check_numbers("concat", name.c_str(), parts[i]);
    check_same_format("concat", name.c_str(), parts[i], {"parts[0]", parts[0]});
    if (parts[i].rank() != parts[0].rank() || with(parts[i].shape(), dim, 0) != with(parts[0].shape(), dim, 0))
      refuse("concat", fmt::format("{} and {} differ in another dim than {}", describe("parts[0]", parts[0]),
                                   describe(name.c_str(), parts[i]), dim));
    total += parts[i].dim(dim);
  }
  return total;
}

}  // namespace

Variable concat(Context& context, std::span<const Variable> parts, int dim) {
  if (parts.empty()) refuse("concat", "there are no parts");
  check_numbers("concat", "parts[0]", parts[0]);
  dim = checked_dim("concat", parts[0], dim);
  const std::int64_t total = check_concat(parts, dim);
  Tensor y = context.empty(with(parts[0].shape(), dim, total), parts[0].value().dtype());
  std::vector<std::int64_t> lengths;
  bool records = false;
  std::int64_t start = 0;
  for (const Variable& part : parts) {
    context.copy(part.value(), y.narrow(dim, start, part.dim(dim)));
    lengths.push_back(part.dim(dim));
    start += part.dim(dim);
    records = records || recording(context, {&part});
  }
  if (!records) return y;
  // Inputs of the node: the parts.
  return record_all(context, "concat", std::move(y), parts, [dim, lengths](BackwardCall& call) {
    const Tensor dy = std::move(call.output_gradient());
    std::int64_t from = 0;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      const auto input = static_cast<int>(i);
      if (call.wanted(input))
        call.give(input, call.context().clone(dy.narrow(dim, from, lengths[i]), call.gradient_tag(input)));
      from += lengths[i];
    }
  });
}

}  // namespace athanor::ops
