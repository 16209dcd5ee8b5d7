#include "kernels/ops/gemm/matmul.h"

#include "core/ops/check.h"
#include "core/ops/gemm.h"
#include "core/ops/gradients.h"

#include <array>

namespace athanor::ops {

namespace {

struct Product {
  const Tensor& a;
  const Tensor& b;
  bool transpose_a, transpose_b;
};

void multiply(Context& context, const Product& product, float alpha, const Tensor& c) {
  const std::int64_t inner = product.a.dim(product.transpose_a ? 0 : 1);
  context.launch("matmul", kernels::matmul,
                 kernels::MatmulArgs{.a = product.a.view(),
                                     .b = product.b.view(),
                                     .c = c.view(),
                                     .transpose_a = product.transpose_a,
                                     .transpose_b = product.transpose_b,
                                     .alpha = alpha},
                 0, {.flops = 2.0 * static_cast<double>(c.numel()) * static_cast<double>(inner)});
}

void check_matmul(const Variable& a, const Variable& b, const MatmulOptions& options) {
  check_numbers("matmul", "a", a);
  check_numbers("matmul", "b", b);
  check_same_format("matmul", "b", b, {"a", a});
  const bool matrices = a.rank() == 2 && b.rank() == 2;
  if (!matrices || a.dim(options.transpose_a ? 0 : 1) != b.dim(options.transpose_b ? 1 : 0))
    refuse("matmul", describe("a", a) + (options.transpose_a ? " (transposed)" : "") + " and " + describe("b", b) +
                         (options.transpose_b ? " (transposed)" : "") + ": the inner dims must be equal");
}

// Each operand's gradient takes the other operand.
void give_operand(BackwardCall& call, int input, const Shape& shape, const Tensor& other, const Tensor& dc,
                  const MatmulOptions& options) {
  const OperandProduct how = operand_product(input, options.transpose_a, options.transpose_b);
  const Product product = how.dc_first ? Product{dc, other, how.transpose_dc, how.transpose_other}
                                       : Product{other, dc, how.transpose_other, how.transpose_dc};
  Tensor gradient = call.context().empty(shape, dc.dtype());
  multiply(call.context(), product, options.alpha, gradient);
  call.give(input, std::move(gradient));
}

struct SavedMatmul {
  std::array<SavedTensor, 2> operands;
  std::array<Shape, 2> shapes;
  MatmulOptions options;
};

// Inputs of the node: 0 a, 1 b.
void matmul_grad(BackwardCall& call, const SavedMatmul& saved) {
  Context& context = call.context();
  const Tensor& dc = call.output_gradient();
  for (const int input : {0, 1}) {
    const Shape& shape = saved.shapes[static_cast<std::size_t>(input)];
    const SavedTensor& other = saved.operands[static_cast<std::size_t>(1 - input)];
    if (call.deferring(input))
      call.defer({input}, {other, hold(context, dc)},
                 [input, shape, options = saved.options](BackwardCall& later, const auto& kept) {
                   give_operand(later, input, shape, kept[0], kept[1], options);
                 });
    else if (call.wanted(input))
      give_operand(call, input, shape, other.unpack(context), dc, saved.options);
  }
}

}  // namespace

Variable matmul(Context& context, const Variable& a, const Variable& b, const MatmulOptions& options) {
  check_matmul(a, b, options);
  Tensor c = context.empty({a.dim(options.transpose_a ? 1 : 0), b.dim(options.transpose_b ? 0 : 1)}, a.value().dtype());
  multiply(context, {a.value(), b.value(), options.transpose_a, options.transpose_b}, options.alpha, c);
  if (!recording(context, {&a, &b})) return c;
  SavedMatmul saved{
      .operands = {save(context, a), save(context, b)}, .shapes = {a.shape(), b.shape()}, .options = options};
  return record(context, "matmul", std::move(c), {&a, &b},
                [saved = std::move(saved)](BackwardCall& call) { matmul_grad(call, saved); });
}

}  // namespace athanor::ops
