#include "core/ops/attention.h"

#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "kernels/ops/attention/attention.h"

#include <array>
#include <vector>

namespace athanor::ops {

namespace {

// Where q, k and v lie: each is an input of its own, or a plane of a packed one.
struct Place {
  int input;
  int plane;  // -1: the whole input
};
using Layout = std::array<Place, 3>;  // of q, k, v
constexpr Layout kPacked{{{0, 0}, {0, 1}, {0, 2}}};
constexpr Layout kPackedKeys{{{0, -1}, {1, 0}, {1, 1}}};
constexpr Layout kSeparate{{{0, -1}, {1, -1}, {2, -1}}};

View view_of(const std::vector<Tensor>& tensors, const Place& place) {
  const View view = tensors[static_cast<std::size_t>(place.input)].view();
  return place.plane < 0 || !view.present() ? view : kernels::attention_plane(view, place.plane);
}

void check_packed(const char* argument, const Variable& value, std::int64_t planes) {
  check_numbers("attention", argument, value);
  if (value.rank() != 5 || value.dim(2) != planes)
    refuse("attention", describe(argument, value) + ", but [batch, tokens, " + std::to_string(planes) +
                            ", heads, head dim] is needed");
}

void check_single(const char* argument, const Variable& value) {
  check_numbers("attention", argument, value);
  if (value.rank() != 4)
    refuse("attention", describe(argument, value) + ", but [batch, tokens, heads, head dim] is needed");
}

// keys are [batch, keys, ...]; `keys_name` is the argument that they come from.
void check_pairing(const Variable& q, const char* keys_name, const Variable& keys, const AttentionOptions& options) {
  if (q.dim(0) != keys.dim(0) || q.dim(-1) != keys.dim(-1) || q.dim(-2) != keys.dim(-2))
    refuse("attention", describe("q", q) + " and " + describe(keys_name, keys) +
                            ", but the same batch, heads and head dim are needed");
  check_same_format("attention", keys_name, keys, {"q", q});
  if (options.causal && q.dim(1) > keys.dim(1))
    refuse("attention", describe("q", q) + " and " + describe(keys_name, keys) +
                            ", but causal attention needs a key for each query");
}

void check_lengths(const char* name, const Variable& keys, const Tensor& lengths) {
  if (!lengths.present()) return;
  check_ids("attention", "lengths", lengths, 1, keys.dim(1));
  if (lengths.shape() != Shape{keys.dim(0)})
    refuse("attention", describe("lengths", lengths) + ", but one per sample is needed, as " + describe(name, keys));
}

// Multiply-adds of the two products over all heads, counted as two operations each; of a square, causal looks at half.
double attention_flops(const View& q, const View& k, bool causal) {
  const double pairs = static_cast<double>(q.dim(0) * q.dim(1) * k.dim(1));
  return (causal && q.dim(1) == k.dim(1) ? 2.0 : 4.0) * pairs * static_cast<double>(q.dim(2) * q.dim(3));
}

struct SavedAttention {
  std::vector<SavedTensor> inputs;
  SavedTensor out, log_sum_exp;
  AttentionOptions options;
  Layout layout;
};

// Inputs of the node: as the layout says.
void attention_grad(BackwardCall& call, const SavedAttention& saved) {
  Context& context = call.context();
  const Tensor out = saved.out.unpack(context), log_sum_exp = saved.log_sum_exp.unpack(context);
  std::vector<Tensor> inputs, gradients;
  for (const SavedTensor& input : saved.inputs) {
    inputs.push_back(input.unpack(context));
    gradients.push_back(context.empty_like(inputs.back()));
  }
  const auto& [q, k, v] = saved.layout;
  const kernels::AttentionGradArgs args{.q = view_of(inputs, q),
                                        .k = view_of(inputs, k),
                                        .v = view_of(inputs, v),
                                        .lengths = saved.options.lengths.view(),
                                        .out = out.view(),
                                        .log_sum_exp = log_sum_exp.view(),
                                        .dout = call.output_gradient().view(),
                                        .scale = saved.options.scale,
                                        .causal = saved.options.causal,
                                        .dq = view_of(gradients, q),
                                        .dk = view_of(gradients, k),
                                        .dv = view_of(gradients, v)};
  context.launch("attention_grad", kernels::attention_grad, args,
                 kernels::attention_grad_workspace_bytes(context.exec(), args),
                 {.flops = 2.5 * attention_flops(args.q, args.k, args.causal)});
  call.output_gradient() = {};
  for (std::size_t i = 0; i < gradients.size(); ++i) call.give(static_cast<int>(i), std::move(gradients[i]));
}

Variable attend(Context& context, std::initializer_list<const Variable*> inputs, const Layout& layout,
                const AttentionOptions& options) {
  const bool records = recording(context, inputs);
  std::vector<Tensor> tensors;
  for (const Variable* input : inputs) tensors.push_back(input->value());
  kernels::AttentionArgs args{.q = view_of(tensors, layout[0]),
                              .k = view_of(tensors, layout[1]),
                              .v = view_of(tensors, layout[2]),
                              .lengths = options.lengths.view(),
                              .scale = options.scale,
                              .causal = options.causal};

  Tensor out = context.empty(args.q.shape, args.q.dtype);
  const Tensor log_sum_exp = records ? context.empty({args.q.dim(0), args.q.dim(2), args.q.dim(1)}) : Tensor();
  args.out = out.view();
  args.log_sum_exp = log_sum_exp.view();

  context.launch("attention", kernels::attention, args, kernels::attention_workspace_bytes(context.exec(), args),
                 {.flops = attention_flops(args.q, args.k, args.causal)});

  if (!records) return out;
  SavedAttention saved{.inputs = {},
                       .out = save(context, out),
                       .log_sum_exp = save(context, log_sum_exp),
                       .options = options,
                       .layout = layout};
  for (const Variable* input : inputs) saved.inputs.push_back(save(context, *input));
  return record(context, "attention", std::move(out), inputs,
                [saved = std::move(saved)](BackwardCall& call) { attention_grad(call, saved); });
}

}  // namespace

Variable attention(Context& context, const Variable& qkv, const AttentionOptions& options) {
  check_packed("qkv", qkv, 3);
  check_lengths("qkv", qkv, options.lengths);
  return attend(context, {&qkv}, kPacked, options);
}

Variable cross_attention(Context& context, const Variable& q, const Variable& kv, const AttentionOptions& options) {
  check_single("q", q);
  check_packed("kv", kv, 2);
  check_pairing(q, "kv", kv, options);
  check_lengths("kv", kv, options.lengths);
  return attend(context, {&q, &kv}, kPackedKeys, options);
}

Variable attention(Context& context, const Variable& q, const Variable& k, const Variable& v,
                   const AttentionOptions& options) {
  check_single("q", q);
  check_single("k", k);
  check_single("v", v);
  check_stream("attention", "v", v, k.shape(), describe("k", k), {"k", k});
  check_pairing(q, "k", k, options);
  check_lengths("k", k, options.lengths);
  return attend(context, {&q, &k, &v}, kSeparate, options);
}

}  // namespace athanor::ops
