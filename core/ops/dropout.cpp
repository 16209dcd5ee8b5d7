#include "kernels/ops/random/dropout.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/elementwise.h"

namespace athanor::ops {

namespace {

struct Draw {
  DropoutOptions options;
  std::uint64_t seed;
  std::uint32_t step;
  Tensor step_on_device;
  std::uint64_t first_index;
};

// Of a row of a part whose rows have a length of their own: no part has as many numbers.
constexpr int kApart = 40;

// The first dimension, or the outermost of what was made one, counts the rows of the batch. The kernel draws four
// numbers at a time.
std::uint64_t first_index(const BatchRows& rows, const Tensor& x, const DropoutOptions& options) {
  const std::int64_t whole = x.numel() * options.parts;
  std::int64_t first = x.numel() * options.part;
  if (rows.count > 0) first += rows.of_own_length ? rows.first << kApart : whole / rows.count * rows.first;
  if ((rows.count > 0 && whole % rows.count != 0) || first % 4 != 0)
    refuse("dropout", "x has " + std::to_string(whole) + " numbers in " + std::to_string(rows.count) + " rows from " +
                          std::to_string(rows.first) + " on, in " + std::to_string(options.parts) +
                          " parts, which do not begin at a multiple of four numbers");
  return static_cast<std::uint64_t>(first);
}

void drop(Context& context, const Draw& draw, const Tensor& x, const Tensor& y) {
  context.launch("dropout", kernels::dropout,
                 kernels::DropoutArgs{.x = x.view(),
                                      .probability = draw.options.probability,
                                      .seed = draw.seed,
                                      .step = draw.step,
                                      .step_on_device = draw.step_on_device.view(),
                                      .stream = draw.options.stream,
                                      .first_index = draw.first_index,
                                      .y = y.view()},
                 0, {.flops = static_cast<double>(x.numel())});
}

// Input of the node: 0 x. The same draw again; nothing is saved.
void dropout_grad(BackwardCall& call, const Draw& draw) {
  Tensor dy = std::move(call.output_gradient());
  Tensor dx = dy.unique() ? dy : call.context().empty_like(dy);
  drop(call.context(), draw, dy, dx);
  dy = {};
  call.give(0, std::move(dx));
}

}  // namespace

Variable dropout(Context& context, const Variable& x, const DropoutOptions& options) {
  check_numbers("dropout", "x", x);
  if (!(options.probability >= 0.0f && options.probability < 1.0f))
    refuse("dropout", "the probability is " + std::to_string(options.probability) + ", it must be within 0 and 1");
  if (!context.training() || options.probability == 0.0f) return x;
  const Draw draw{options, context.seed(), context.step(), context.step_on_device(),
                  first_index(context.batch_rows(), x.value(), options)};
  Tensor y = context.empty_like(x.value());
  drop(context, draw, x.value(), y);
  if (!recording(context, {&x})) return y;
  return record(context, "dropout", std::move(y), {&x}, [draw](BackwardCall& call) { dropout_grad(call, draw); });
}

}  // namespace athanor::ops
