#include "kernels/ops/index/embedding.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/index.h"

namespace athanor::ops {

namespace {

void give_table_gradient(BackwardCall& call, const Tensor& ids, const Tensor& dy, const Shape& table_shape) {
  Context& context = call.context();
  ParameterSpace space(call, {{0, table_shape}});
  const kernels::EmbeddingGradArgs args{
      .ids = ids.view(), .dy = dy.view(), .accumulate_parameters = space.accumulate(), .dtable = space.view(0)};
  context.launch("embedding_grad", kernels::embedding_grad, args,
                 kernels::embedding_grad_workspace_bytes(context.exec(), args),
                 {.flops = static_cast<double>(args.dy.numel())});
  space.commit();
}

// Input of the node: 0 table.
void embedding_grad(BackwardCall& call, const Tensor& ids, const Shape& table_shape) {
  Context& context = call.context();
  const Tensor& dy = call.output_gradient();
  if (!call.deferring(0)) return give_table_gradient(call, ids, dy, table_shape);
  call.defer({0}, {hold(context, ids), hold(context, dy)}, [table_shape](BackwardCall& later, const auto& kept) {
    give_table_gradient(later, kept[0], kept[1], table_shape);
  });
}

}  // namespace

Variable embedding(Context& context, const Variable& table, const Tensor& ids) {
  check_parameter("embedding", "table", table);
  if (table.rank() != 2) refuse("embedding", describe("table", table) + ", but [vocabulary, channels] is needed");
  check_ids("embedding", "ids", ids, 0, table.dim(0) - 1);
  if (ids.rank() >= Shape::kMaxRank) refuse("embedding", describe("ids", ids) + ", one dim more than can be held");
  Shape shape = ids.shape();
  shape.push_back(table.dim(1));

  Tensor y = context.empty(shape);
  context.launch("embedding", kernels::embedding,
                 kernels::EmbeddingArgs{.table = table.view(), .ids = ids.view(), .y = y.view()});

  if (!recording(context, {&table})) return y;
  return record(context, "embedding", std::move(y), {&table},
                [ids, table_shape = table.shape()](BackwardCall& call) { embedding_grad(call, ids, table_shape); });
}

}  // namespace athanor::ops
