#include "kernels/ops/index/nearest_code.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/index.h"
#include "kernels/ops/elementwise/axpby.h"

namespace athanor::ops {

namespace {

void check_nearest_code(const Variable& x, const Variable& codebook) {
  check_numbers("nearest_code", "x", x);
  check_parameter("nearest_code", "codebook", codebook);
  if (x.rank() < 1 || codebook.rank() != 2 || codebook.dim(0) < 1 || codebook.dim(1) != x.dim(-1))
    refuse("nearest_code", describe("codebook", codebook) + ", but [codes, " +
                               (x.rank() < 1 ? "channels" : std::to_string(x.dim(-1))) + "] is needed, as " +
                               describe("x", x));
}

struct SavedNearestCode {
  SavedTensor x, codebook;
  Tensor indices;
  float commitment;
  Shape codebook_shape;
};

// Inputs of the node: 0 x, 1 codebook.
void nearest_code_grad(BackwardCall& call, const SavedNearestCode& saved) {
  Context& context = call.context();
  const Tensor x = saved.x.unpack(context), codebook = saved.codebook.unpack(context);
  Tensor dx = call.wanted(0) ? context.empty_like(x) : Tensor();
  ParameterSpace space(call, {{1, saved.codebook_shape}});
  context.launch("nearest_code_grad", kernels::nearest_code_grad,
                 kernels::NearestCodeGradArgs{.x = x.view(),
                                              .codebook = codebook.view(),
                                              .indices = saved.indices.view(),
                                              .commitment = saved.commitment,
                                              .dloss = call.scalar_output_gradient(),
                                              .accumulate_parameters = space.accumulate(),
                                              .dx = dx.view(),
                                              .dcodebook = space.view(1)},
                 0, {.flops = 4.0 * static_cast<double>(x.numel())});
  space.commit();
  if (dx.present()) call.give(0, std::move(dx));
}

}  // namespace

NearestCode nearest_code(Context& context, const Variable& x, const Variable& codebook,
                         const NearestCodeOptions& options) {
  check_nearest_code(x, codebook);
  Shape rows_shape;
  for (int dim = 0; dim + 1 < x.rank(); ++dim) rows_shape.push_back(x.dim(dim));
  Tensor codes = context.empty_like(x.value()), loss = context.empty({1});
  const Tensor indices = context.empty(rows_shape, DType::i32);
  const kernels::NearestCodeArgs args{.x = x.view(),
                                      .codebook = codebook.view(),
                                      .codes = codes.view(),
                                      .indices = indices.view(),
                                      .distance = loss.view()};
  context.launch("nearest_code", kernels::nearest_code, args,
                 kernels::nearest_code_workspace_bytes(context.exec(), args),
                 {.flops = 2.0 * static_cast<double>(x.numel()) * static_cast<double>(codebook.dim(0))});
  // Both terms have the same value; they differ in whom they move.
  context.launch(
      "axpby", kernels::axpby,
      kernels::AxpbyArgs{.alpha = 1.0f + options.commitment, .x = loss.view(), .beta = 0.0f, .y = loss.view()});

  NearestCode out{codes, indices, loss};
  if (recording(context, {&x}))
    out.codes = record(context, "straight_through", std::move(codes), {&x},
                       [](BackwardCall& call) { call.give(0, std::move(call.output_gradient())); });
  if (!recording(context, {&x, &codebook})) return out;
  SavedNearestCode saved{.x = save(context, x),
                         .codebook = save(context, codebook),
                         .indices = indices,
                         .commitment = options.commitment,
                         .codebook_shape = codebook.shape()};
  out.loss = record(context, "nearest_code", std::move(loss), {&x, &codebook},
                    [saved = std::move(saved)](BackwardCall& call) { nearest_code_grad(call, saved); });
  return out;
}

}  // namespace athanor::ops
