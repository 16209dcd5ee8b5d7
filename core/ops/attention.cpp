#include "core/ops/attention.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "kernels/ops/attention/attention.h"

namespace athanor::ops {

namespace {

void check_attention(const Variable& qkv, const Tensor& lengths) {
  check_numbers("attention", "qkv", qkv);
  if (qkv.rank() != 5 || qkv.dim(2) != 3)
    refuse("attention", describe("qkv", qkv) + ", but [batch, tokens, 3, heads, head dim] is needed");
  if (!lengths.present()) return;
  check_ids("attention", "lengths", lengths, 1, qkv.dim(1));
  if (lengths.shape() != Shape{qkv.dim(0)})
    refuse("attention", describe("lengths", lengths) + ", but one per sample is needed, as " + describe("qkv", qkv));
}

// Multiply-adds of the two products over all heads, counted as two operations each.
double attention_flops(const Shape& qkv) {
  return 4.0 * static_cast<double>(qkv[0] * qkv[1] * qkv[1]) * static_cast<double>(qkv[3] * qkv[4]);
}

struct SavedAttention {
  SavedTensor qkv, out, log_sum_exp;
  AttentionOptions options;
};

// Input of the node: 0 qkv.
void attention_grad(BackwardCall& call, const SavedAttention& saved) {
  Context& context = call.context();
  const Tensor qkv = saved.qkv.unpack(context), out = saved.out.unpack(context);
  const Tensor log_sum_exp = saved.log_sum_exp.unpack(context);
  Tensor dqkv = context.empty_like(qkv);
  const kernels::AttentionGradArgs args{.qkv = qkv.view(),
                                        .lengths = saved.options.lengths.view(),
                                        .out = out.view(),
                                        .log_sum_exp = log_sum_exp.view(),
                                        .dout = call.output_gradient().view(),
                                        .scale = saved.options.scale,
                                        .dqkv = dqkv.view()};
  context.launch("attention_grad", kernels::attention_grad, args,
                 kernels::attention_grad_workspace_bytes(context.exec(), args),
                 {.flops = 2.5 * attention_flops(qkv.shape())});
  call.give(0, std::move(dqkv));
}

}  // namespace

Variable attention(Context& context, const Variable& qkv, const AttentionOptions& options) {
  check_attention(qkv, options.lengths);
  const bool records = recording(context, {&qkv});
  const std::int64_t batch = qkv.dim(0), tokens = qkv.dim(1), heads = qkv.dim(3);

  Tensor out = context.empty({batch, tokens, heads, qkv.dim(4)}, qkv.value().dtype());
  const Tensor log_sum_exp = records ? context.empty({batch, heads, tokens}) : Tensor();

  const kernels::AttentionArgs args{.qkv = qkv.view(),
                                    .lengths = options.lengths.view(),
                                    .scale = options.scale,
                                    .out = out.view(),
                                    .log_sum_exp = log_sum_exp.view()};
  context.launch("attention", kernels::attention, args, kernels::attention_workspace_bytes(context.exec(), args),
                 {.flops = attention_flops(qkv.shape())});

  if (!records) return out;
  SavedAttention saved{.qkv = save(context, qkv),
                       .out = save(context, out),
                       .log_sum_exp = save(context, log_sum_exp),
                       .options = options};
  return record(context, "attention", std::move(out), {&qkv},
                [saved = std::move(saved)](BackwardCall& call) { attention_grad(call, saved); });
}

}  // namespace athanor::ops
