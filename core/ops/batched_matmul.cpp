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
  Shape a_shape, b_shape;
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

// What the gradient of an operand needs to know of the product.
struct OperandGradient {
  int input;  // 0 a, 1 b
  Shape shape;
  bool transpose_a, transpose_b;
  float alpha;
};

// Summed over what was repeated. Each operand's gradient takes the other operand.
void give_operand(BackwardCall& call, const OperandGradient& of, const Tensor& other, const Tensor& g) {
  Tensor out = call.context().empty(of.shape, g.dtype(), call.gradient_tag(of.input));
  const OperandProduct how = operand_product(of.input, of.transpose_a, of.transpose_b);
  const Tensor &left = how.dc_first ? g : other, &right = how.dc_first ? other : g;
  const bool transpose_left = how.dc_first ? how.transpose_dc : how.transpose_other;
  const bool transpose_right = how.dc_first ? how.transpose_other : how.transpose_dc;
  const std::int64_t inner = left.dim(transpose_left ? -2 : -1);
  // Summed batches cost like further inner terms.
  const std::int64_t batches = std::max<std::int64_t>(
      g.numel() / std::max<std::int64_t>(g.dim(-1) * g.dim(-2), 1) /
          std::max<std::int64_t>(out.numel() / std::max<std::int64_t>(out.dim(-1) * out.dim(-2), 1), 1),
      1);
  multiply(call.context(),
           {.a = four_dims(left),
            .b = four_dims(right),
            .transpose_a = transpose_left,
            .transpose_b = transpose_right,
            .alpha = of.alpha,
            .c = four_dims(out)},
           inner * batches);
  call.give(of.input, std::move(out));
}

void give_operands(BackwardCall& call, const SavedProduct& saved, const Tensor& g) {
  Context& context = call.context();
  for (const int input : {0, 1}) {
    const SavedTensor& other = input == 0 ? saved.b : saved.a;
    const OperandGradient of{input, input == 0 ? saved.a_shape : saved.b_shape, saved.transpose_a, saved.transpose_b,
                             saved.alpha};
    if (call.deferring(input))
      call.defer({input}, {other, hold(context, g)},
                 [of](BackwardCall& later, const auto& kept) { give_operand(later, of, kept[0], kept[1]); });
    else if (call.wanted(input))
      give_operand(call, of, other.unpack(context), g);
  }
}

// Inputs of the node: 0 a, 1 b, 2 bias, 3 residual.
void batched_matmul_grad(BackwardCall& call, const SavedProduct& saved) {
  const Tensor dc = std::move(call.output_gradient());
  if (call.wanted(0) || call.wanted(1) || call.wanted(2)) {
    const Tensor g = outer_gradient(call.context(), saved, dc);
    give_repeated_sum(call, 2, {saved.columns}, g);
    give_operands(call, saved, g);
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
                     .a_shape = a.shape(),
                     .b_shape = b.shape(),
                     .transpose_a = options.transpose_a,
                     .transpose_b = options.transpose_b,
                     .alpha = options.alpha,
                     .activation = options.activation,
                     .columns = sizes.c.dim(-1)};
  return record(context, kOp, std::move(c), {&a, &b, &options.bias, &options.residual},
                [saved = std::move(saved)](BackwardCall& call) { batched_matmul_grad(call, saved); });
}

}  // namespace athanor::ops
