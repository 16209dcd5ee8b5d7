#include "kernels/ops/gemm/matmul.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/gemm.h"

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

// Inputs of the node: 0 a, 1 b. With A = op(a), B = op(b): dA = alpha dc B^T, dB = alpha A^T dc.
void matmul_grad(BackwardCall& call, const Tensor& a, const Tensor& b, const MatmulOptions& options) {
  Context& context = call.context();
  const Tensor& dc = call.output_gradient();
  if (call.wanted(0)) {
    Tensor da = context.empty_like(a);
    const Product product =
        options.transpose_a ? Product{b, dc, options.transpose_b, true} : Product{dc, b, false, !options.transpose_b};
    multiply(context, product, options.alpha, da);
    call.give(0, std::move(da));
  }
  if (call.wanted(1)) {
    Tensor db = context.empty_like(b);
    const Product product =
        options.transpose_b ? Product{dc, a, true, options.transpose_a} : Product{a, dc, !options.transpose_a, false};
    multiply(context, product, options.alpha, db);
    call.give(1, std::move(db));
  }
}

}  // namespace

Variable matmul(Context& context, const Variable& a, const Variable& b, const MatmulOptions& options) {
  check_matmul(a, b, options);
  Tensor c = context.empty({a.dim(options.transpose_a ? 1 : 0), b.dim(options.transpose_b ? 0 : 1)}, a.value().dtype());
  multiply(context, {a.value(), b.value(), options.transpose_a, options.transpose_b}, options.alpha, c);
  if (!recording(context, {&a, &b})) return c;
  return record(context, "matmul", std::move(c), {&a, &b},
                [saved_a = save(context, a), saved_b = save(context, b), options](BackwardCall& call) {
                  matmul_grad(call, saved_a.unpack(call.context()), saved_b.unpack(call.context()), options);
                });
}

}  // namespace athanor::ops
