#include "kernels/ops/gemm/batched_matmul.h"

#include "core/ops/check.h"
#include "core/ops/gemm.h"
#include "core/ops/gradients.h"
#include "kernels/ops/elementwise/activation.h"

#include <algorithm>

namespace athanor::ops {

namespace {

constexpr const char* kOp = "batched_matmul";
constexpr int kKernelRank = 4;

struct Sizes {
  Shape c;
  std::int64_t inner = 0;
};

// 1 for dims that a shorter shape does not have.
std::int64_t batch_dim(const Variable& x, int rank, int dim) {
  const int own = dim - (rank - x.rank());
  return own < 0 ? 1 : x.dim(own);
}

// Checks a and b and gives the shape of their product.
Sizes check_operands(const Variable& a, const Variable& b, const BatchedMatmulOptions& options) {
  check_numbers(kOp, "a", a);
  check_numbers(kOp, "b", b);
  check_same_format(kOp, "b", b, {"a", a});
  const std::string both = describe("a", a) + (options.transpose_a ? " (transposed)" : "") + " and " +
                           describe("b", b) + (options.transpose_b ? " (transposed)" : "");
  for (const Variable* x : {&a, &b})
    if (x->rank() < 2 || x->rank() > kKernelRank) refuse(kOp, both + ": each needs 2 to 4 dims");
  if (a.dim(options.transpose_a ? -2 : -1) != b.dim(options.transpose_b ? -1 : -2))
    refuse(kOp, both + ": the inner dims must be equal");
  const int rank = std::max(a.rank(), b.rank());
  Sizes sizes{.c = {}, .inner = a.dim(options.transpose_a ? -2 : -1)};
  for (int dim = 0; dim + 2 < rank; ++dim) {
    const std::int64_t left = batch_dim(a, rank, dim), right = batch_dim(b, rank, dim);
    if (left != right && left != 1 && right != 1) refuse(kOp, both + ": batch dims must be equal, or 1 on one side");
    sizes.c.push_back(left == 1 ? right : left);
  }
  sizes.c.push_back(a.dim(options.transpose_a ? -1 : -2));
  sizes.c.push_back(b.dim(options.transpose_b ? -2 : -1));
  return sizes;
}

// The same memory with leading dims of 1 up to what the kernel takes.
View four_dims(const Tensor& x) {
  if (!x.present()) return {};
  Shape shape;
  for (int dim = x.rank(); dim < kKernelRank; ++dim) shape.push_back(1);
  for (const std::int64_t size : x.shape()) shape.push_back(size);
  return x.reshape(shape).view();
}

void multiply(Context& context, const kernels::BatchedMatmulArgs& args, std::int64_t terms) {
  context.launch(kOp, kernels::batched_matmul, args, kernels::batched_matmul_workspace_bytes(context.exec(), args),
                 {.flops = 2.0 * static_cast<double>(args.c.numel()) * static_cast<double>(terms)});
}

struct SavedProduct {
  SavedTensor a, b, preactivation;
  bool transpose_a, transpose_b;
  float alpha;
  Activation activation;
  std::int64_t columns;
};

// dc * act'(preactivation); dc itself where there is no activation.
Tensor outer_gradient(Context& context, const SavedProduct& saved, const Tensor& dc) {
  if (saved.activation == Activation::none) return dc;
  const Tensor preactivation = saved.preactivation.unpack(context);
  Tensor g = context.empty_like(dc);
  context.launch("activation_grad", kernels::activation_grad,
                 kernels::ActivationGradArgs{
                     .x = preactivation.view(), .dy = dc.view(), .activation = saved.activation, .dx = g.view()},
                 0, {.flops = 10.0 * static_cast<double>(g.numel())});
  return g;
}

// With A = op(a), B = op(b): dA = alpha g B^T, dB = alpha A^T g, summed over what was repeated.
void give_operand_gradients(BackwardCall& call, const SavedProduct& saved, const Tensor& a, const Tensor& b,
                            const Tensor& g) {
  Context& context = call.context();
  const bool ta = saved.transpose_a, tb = saved.transpose_b;
  const auto product = [&](const Tensor& left, const Tensor& right, bool transpose_left, bool transpose_right,
                           const Tensor& out) {
    const std::int64_t inner = left.dim(transpose_left ? -2 : -1);
    // Summed batches cost like further inner terms.
    const std::int64_t batches = std::max<std::int64_t>(
        g.numel() / std::max<std::int64_t>(g.dim(-1) * g.dim(-2), 1) /
            std::max<std::int64_t>(out.numel() / std::max<std::int64_t>(out.dim(-1) * out.dim(-2), 1), 1),
        1);
    multiply(context,
             {.a = four_dims(left),
              .b = four_dims(right),
              .transpose_a = transpose_left,
              .transpose_b = transpose_right,
              .alpha = saved.alpha,
              .c = four_dims(out)},
             inner * batches);
  };
  if (call.wanted(0)) {
    Tensor da = context.empty_like(a, call.gradient_tag(0));
    ta ? product(b, g, tb, true, da) : product(g, b, false, !tb, da);
    call.give(0, std::move(da));
  }
  if (call.wanted(1)) {
    Tensor db = context.empty_like(b, call.gradient_tag(1));
    tb ? product(g, a, true, ta, db) : product(a, g, !ta, false, db);
    call.give(1, std::move(db));
  }
}

// Inputs of the node: 0 a, 1 b, 2 bias, 3 residual.
void batched_matmul_grad(BackwardCall& call, const SavedProduct& saved) {
  Context& context = call.context();
  const Tensor dc = std::move(call.output_gradient());
  if (call.wanted(0) || call.wanted(1) || call.wanted(2)) {
    const Tensor g = outer_gradient(context, saved, dc);
    give_repeated_sum(call, 2, {saved.columns}, g);
    if (call.wanted(0) || call.wanted(1))
      give_operand_gradients(call, saved, saved.a.unpack(context), saved.b.unpack(context), g);
  }
  if (call.wanted(3)) call.give(3, dc);
}

}  // namespace

Variable batched_matmul(Context& context, const Variable& a, const Variable& b, const BatchedMatmulOptions& options) {
  const Sizes sizes = check_operands(a, b, options);
  const std::string because = describe("a", a) + " and " + describe("b", b);
  check_shape(kOp, "bias", options.bias, {sizes.c.dim(-1)}, because);
  check_stream(kOp, "residual", options.residual, sizes.c, because, {"a", a});
  const bool records = recording(context, {&a, &b, &options.bias, &options.residual});

  const DType format = a.value().dtype();
  Tensor c = context.empty(sizes.c, format);
  const bool keeps_preactivation = records && options.activation != Activation::none;
  const Tensor preactivation = keeps_preactivation ? context.empty(sizes.c, format) : Tensor();

  multiply(context,
           {.a = four_dims(a.value()),
            .b = four_dims(b.value()),
            .transpose_a = options.transpose_a,
            .transpose_b = options.transpose_b,
            .alpha = options.alpha,
            .bias = options.bias.view(),
            .residual = four_dims(options.residual.value()),
            .activation = options.activation,
            .c = four_dims(c),
            .preactivation = four_dims(preactivation)},
           sizes.inner);

  if (!records) return c;
  SavedProduct saved{.a = save(context, a),
                     .b = save(context, b),
                     .preactivation = save(context, preactivation),
                     .transpose_a = options.transpose_a,
                     .transpose_b = options.transpose_b,
                     .alpha = options.alpha,
                     .activation = options.activation,
                     .columns = sizes.c.dim(-1)};
  return record(context, kOp, std::move(c), {&a, &b, &options.bias, &options.residual},
                [saved = std::move(saved)](BackwardCall& call) { batched_matmul_grad(call, saved); });
}

}  // namespace athanor::ops
