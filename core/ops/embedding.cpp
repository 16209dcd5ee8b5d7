#include "kernels/ops/index/embedding.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/index.h"

namespace athanor::ops {

namespace {

// The rows of a table from `first` on.
struct Rows {
  Shape shape;
  std::int32_t first;
};

void give_table_gradient(BackwardCall& call, const Tensor& ids, const Tensor& dy, const Rows& table) {
  Context& context = call.context();
  ParameterSpace space(call, {{0, table.shape}});
  const kernels::EmbeddingGradArgs args{.ids = ids.view(),
                                        .dy = dy.view(),
                                        .first = table.first,
                                        .accumulate_parameters = space.accumulate(),
                                        .dtable = space.view(0)};
  context.launch("embedding_grad", kernels::embedding_grad, args,
                 kernels::embedding_grad_workspace_bytes(context.exec(), args),
                 {.flops = static_cast<double>(args.dy.numel())});
  space.commit();
}

// Input of the node: 0 table.
void embedding_grad(BackwardCall& call, const Tensor& ids, const Rows& table) {
  Context& context = call.context();
  const Tensor& dy = call.output_gradient();
  if (!call.deferring(0)) return give_table_gradient(call, ids, dy, table);
  call.defer({0}, {hold(context, ids), hold(context, dy)},
             [table](BackwardCall& later, const auto& kept) { give_table_gradient(later, kept[0], kept[1], table); });
}

}  // namespace

Variable embedding(Context& context, const Variable& table, const Tensor& ids, const TableRows& of) {
  check_parameter("embedding", "table", table);
  if (table.rank() != 2) refuse("embedding", describe("table", table) + ", but [vocabulary, channels] is needed");
  const std::int64_t all = of.all > 0 ? of.all : table.dim(0);
  if (of.first < 0 || of.first + table.dim(0) > all)
    refuse("embedding", describe("table", table) + ", which are no rows from " + std::to_string(of.first) + " on of " +
                            std::to_string(all));
  check_ids("embedding", "ids", ids, 0, all - 1);
  if (ids.rank() >= Shape::kMaxRank) refuse("embedding", describe("ids", ids) + ", one dim more than can be held");
  Shape shape = ids.shape();
  shape.push_back(table.dim(1));

  Tensor y = context.empty(shape);
  context.launch(
      "embedding", kernels::embedding,
      kernels::EmbeddingArgs{
          .table = table.view(), .ids = ids.view(), .first = static_cast<std::int32_t>(of.first), .y = y.view()});

  if (!recording(context, {&table})) return y;
  return record(context, "embedding", std::move(y), {&table},
                [ids, rows = Rows{table.shape(), static_cast<std::int32_t>(of.first)}](BackwardCall& call) {
                  embedding_grad(call, ids, rows);
                });
}

}  // namespace athanor::ops
