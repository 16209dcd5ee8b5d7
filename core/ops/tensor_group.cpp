#include "core/ops/tensor_group.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "kernels/base/error.h"

#include <string>
#include <utility>

namespace athanor::ops {
namespace {

// What nobody else sees, with the numbers of x.
Tensor own(Context& context, const Tensor& x) { return x.unique() ? x : context.clone(x); }

// The gradient of the output, alone: it may be written to when nobody else sees it.
Tensor take_gradient(BackwardCall& call) { return std::move(call.output_gradient()); }

Shape with_rows(const Shape& shape, std::int64_t rows) {
  Shape out = shape;
  out[0] = rows;
  return out;
}

std::int64_t own_rows(const char* op, const TensorGroup& group, const Variable& x) {
  if (x.rank() < 1 || x.dim(0) % group.count() != 0)
    refuse(op, describe("x", x) + ", but rows for " + std::to_string(group.count()) + " ranks are needed");
  return x.dim(0) / group.count();
}

Tensor gathered(Context& context, const Tensor& part, MemoryTag tag = MemoryTag::activations) {
  TensorGroup& group = needed_group(context);
  const Tensor whole = context.empty(with_rows(part.shape(), part.dim(0) * group.count()), part.dtype(), tag);
  group.all_gather(context, part, whole);
  return whole;
}

Tensor scattered_sum(Context& context, const Tensor& whole, MemoryTag tag = MemoryTag::activations) {
  TensorGroup& group = needed_group(context);
  const Tensor part = context.empty(with_rows(whole.shape(), whole.dim(0) / group.count()), whole.dtype(), tag);
  group.reduce_scatter(context, whole, part);
  return part;
}

Tensor rows_of(Context& context, const Tensor& whole) {
  const TensorGroup& group = needed_group(context);
  const std::int64_t rows = whole.dim(0) / group.count();
  return context.clone(whole.narrow(0, rows * group.index(), rows));
}

}  // namespace

TensorGroup* group_of(const Context& context) noexcept {
  TensorGroup* const group = context.tensor_group();
  return group != nullptr && group->count() > 1 ? group : nullptr;
}

TensorGroup& needed_group(const Context& context) {
  if (TensorGroup* const group = group_of(context)) return *group;
  throw Failure(ErrorKind::internal, "compute a layer of which this rank has a part",
                "the context has no group of ranks that have the others");
}

Variable copy_to_group(Context& context, const Variable& x) {
  check_numbers("copy_to_group", "x", x);
  if (!recording(context, {&x})) return x;
  // Input of the node: 0 x.
  return record(context, "copy_to_group", x.value(), {&x}, [](BackwardCall& call) {
    Tensor dx = own(call.context(), take_gradient(call));
    needed_group(call.context()).all_reduce(call.context(), dx);
    call.give(0, std::move(dx));
  });
}

Variable reduce_from_group(Context& context, Variable x) {
  check_numbers("reduce_from_group", "x", x);
  const bool records = recording(context, {&x});
  const Variable origin(Tensor{}, x.edge());
  Tensor y = std::exchange(x, {}).value();
  if (!y.unique()) y = context.clone(y);
  needed_group(context).all_reduce(context, y);
  y.count_change();
  if (!records) return y;
  // Input of the node: 0 x.
  return record(context, "reduce_from_group", std::move(y), {&origin},
                [](BackwardCall& call) { call.give(0, take_gradient(call)); });
}

Variable gather_rows(Context& context, const Variable& x) {
  check_numbers("gather_rows", "x", x);
  Tensor y = gathered(context, x.value());
  if (!recording(context, {&x})) return y;
  // Input of the node: 0 x.
  return record(context, "gather_rows", std::move(y), {&x}, [](BackwardCall& call) {
    const Tensor dy = take_gradient(call);
    call.give(0, scattered_sum(call.context(), dy, call.gradient_tag(0)));
  });
}

Variable reduce_rows(Context& context, const Variable& x) {
  check_numbers("reduce_rows", "x", x);
  (void)own_rows("reduce_rows", needed_group(context), x);
  Tensor y = scattered_sum(context, x.value());
  if (!recording(context, {&x})) return y;
  // Input of the node: 0 x.
  return record(context, "reduce_rows", std::move(y), {&x}, [](BackwardCall& call) {
    const Tensor dy = take_gradient(call);
    call.give(0, gathered(call.context(), dy, call.gradient_tag(0)));
  });
}

Variable take_rows(Context& context, const Variable& x) {
  check_numbers("take_rows", "x", x);
  (void)own_rows("take_rows", needed_group(context), x);
  Tensor y = rows_of(context, x.value());
  if (!recording(context, {&x})) return y;
  // Input of the node: 0 x.
  return record(context, "take_rows", std::move(y), {&x}, [](BackwardCall& call) {
    const Tensor dy = take_gradient(call);
    call.give(0, gathered(call.context(), dy, call.gradient_tag(0)));
  });
}

Variable join_rows(Context& context, const Variable& x) {
  check_numbers("join_rows", "x", x);
  Tensor y = gathered(context, x.value());
  if (!recording(context, {&x})) return y;
  // Input of the node: 0 x.
  return record(context, "join_rows", std::move(y), {&x}, [](BackwardCall& call) {
    const Tensor dy = take_gradient(call);
    call.give(0, rows_of(call.context(), dy));
  });
}

}  // namespace athanor::ops
