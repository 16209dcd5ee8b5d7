#include "kernels/ops/index/gather.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/dims.h"
#include "core/ops/index.h"
#include "kernels/ops/index/scatter.h"

namespace athanor::ops {

namespace {

// How many elements the result has along the dim. An index of rank 1 names whole slices; otherwise there is one per
// element.
std::int64_t check_index(const char* op, const Variable& x, int dim, const Tensor& index) {
  check_ids(op, "index", index, 0, x.dim(dim) - 1);
  if (index.rank() == 1) return index.dim(0);
  bool fits = index.rank() == x.rank();
  for (int i = 0; fits && i < x.rank(); ++i) fits = i == dim || index.dim(i) == x.dim(i);
  if (!fits)
    refuse(op, describe("index", index) + ", but one dim, or the dims of x except for dim " + std::to_string(dim) +
                   ", are needed, as " + describe("x", x));
  return index.dim(dim);
}

// Of a rank-1 tensor along its only dim the two readings are the same.
View index_view(const Tensor& index, int dim) {
  const Shape shape = index.rank() == 1 ? Shape{1, index.dim(0), 1} : around(index.shape(), dim);
  return index.reshape(shape).view();
}

Tensor take(Context& context, const Tensor& x, int dim, const Tensor& index, std::int64_t count, bool last_only,
            MemoryTag tag = MemoryTag::activations) {
  Tensor y = context.empty(with(x.shape(), dim, count), x.dtype(), tag);
  context.launch("gather", kernels::gather,
                 kernels::GatherArgs{.x = x.reshape(around(x.shape(), dim)).view(),
                                     .index = index_view(index, dim),
                                     .last_only = last_only,
                                     .y = y.reshape(around(y.shape(), dim)).view()});
  return y;
}

void put(Context& context, const Tensor& u, int dim, const Tensor& index, bool add, const Tensor& y) {
  context.launch("scatter", kernels::scatter,
                 kernels::ScatterArgs{.u = u.reshape(around(u.shape(), dim)).view(),
                                      .index = index_view(index, dim),
                                      .add = add,
                                      .y = y.reshape(around(y.shape(), dim)).view()},
                 0, {.flops = add ? static_cast<double>(u.numel()) : 0.0});
}

// What the gradient needs to know of a call.
struct Along {
  int dim;
  Tensor index;
  Shape x_shape, u_shape;
};

// Inputs of the node: 0 x, 1 u.
void scatter_grad(BackwardCall& call, const Along& along, bool add) {
  Context& context = call.context();
  Tensor dy = std::move(call.output_gradient());
  if (call.wanted(1))
    call.give(1, take(context, dy, along.dim, along.index, along.u_shape[along.dim], !add, call.gradient_tag(1)));
  if (!call.wanted(0)) return;
  if (add) return call.give(0, std::move(dy));
  // What was replaced did not matter.
  Tensor dx = dy.unique() ? dy : context.clone(dy, call.gradient_tag(0));
  dy = {};
  put(context, context.full(along.u_shape, 0.0f, MemoryTag::activations, dx.dtype()), along.dim, along.index, false,
      dx);
  call.give(0, std::move(dx));
}

Variable scatter_into(Context& context, const char* op, const Variable& x, int dim, const Tensor& index,
                      const Variable& u, bool add) {
  check_numbers(op, "x", x);
  dim = checked_dim(op, x, dim);
  const Shape needed = with(x.shape(), dim, check_index(op, x, dim, index));
  if (!u.present()) refuse(op, "u is absent");
  check_stream(op, "u", u, needed, describe("x", x) + " and " + describe("index", index), {"x", x});
  Tensor y = context.clone(x.value());
  put(context, u.value(), dim, index, add, y);
  if (!recording(context, {&x, &u})) return y;
  return record(
      context, op, std::move(y), {&x, &u},
      [along = Along{dim, index, x.shape(), needed}, add](BackwardCall& call) { scatter_grad(call, along, add); });
}

}  // namespace

Variable gather(Context& context, const Variable& x, int dim, const Tensor& index) {
  check_numbers("gather", "x", x);
  dim = checked_dim("gather", x, dim);
  const std::int64_t count = check_index("gather", x, dim, index);
  Tensor y = take(context, x.value(), dim, index, count, false);
  if (!recording(context, {&x})) return y;
  // Input of the node: 0 x.
  return record(context, "gather", std::move(y), {&x}, [along = Along{dim, index, x.shape(), {}}](BackwardCall& call) {
    const Tensor dy = std::move(call.output_gradient());
    Tensor dx = call.context().full(along.x_shape, 0.0f, call.gradient_tag(0), dy.dtype());
    put(call.context(), dy, along.dim, along.index, true, dx);
    call.give(0, std::move(dx));
  });
}

Variable scatter_add(Context& context, const Variable& x, int dim, const Tensor& index, const Variable& u) {
  return scatter_into(context, "scatter_add", x, dim, index, u, true);
}

Variable scatter(Context& context, const Variable& x, int dim, const Tensor& index, const Variable& u) {
  return scatter_into(context, "scatter", x, dim, index, u, false);
}

}  // namespace athanor::ops
