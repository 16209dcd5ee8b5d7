#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/row_group.h"

#include <cstdint>
#include <limits>
#include <utility>

namespace athanor::ops {
namespace {

constexpr const char* kOp = "divided_contrastive_loss";

using kernels::ContrastivePart;

struct Pairs {
  RowGroup* group;
  ContrastivePart own, part;  // the second is what is computed: the own ones and what else is in their tiles
  std::int64_t count;         // of the batch
};

void check(const Context& context, const OwnPairs& own, const Variable& logit_scale,
           const ContrastiveLossOptions& options) {
  check_parameter(kOp, "all_images", own.all_images);
  check_parameter(kOp, "all_texts", own.all_texts);
  check_parameter(kOp, "image", own.image);
  check_parameter(kOp, "text", own.text);
  check_parameter(kOp, "logit_scale", logit_scale);
  if (own.all_images.rank() != 2 || own.image.rank() != 2)
    refuse(kOp, describe("all_images", own.all_images) + " and " + describe("image", own.image) +
                    ", but [pairs, embedding dim] is needed");
  if (const std::int64_t count = own.all_images.dim(0); !kernels::contrastive_takes_parts(context.exec(), count))
    refuse(kOp, std::to_string(count) + " pairs are not divided here");
  const std::int64_t end = own.first + own.image.dim(0);
  if (own.first < 0 || own.image.dim(0) < 1 || end > own.all_images.dim(0) || own.image.dim(1) != own.all_images.dim(1))
    refuse(kOp, describe("image", own.image) + " from pair " + std::to_string(own.first) + " on, but " +
                    describe("all_images", own.all_images));
  check_shape(kOp, "all_texts", own.all_texts, own.all_images.shape(), describe("all_images", own.all_images));
  check_shape(kOp, "text", own.text, own.image.shape(), describe("image", own.image));
  check_shape(kOp, "logit_scale", logit_scale, {1}, "it is one number");
  check_shape(kOp, "logit_bias", options.logit_bias, {1}, "it is one number");
  if (options.row_scale.present() || options.col_scale.present())
    refuse(kOp, "scales per sample are not divided between replicas");
  if (options.kind == kernels::ContrastiveKind::softmax && options.logit_bias.present())
    refuse(kOp, describe("logit_bias", options.logit_bias) + ", but the softmax has none");
  if (!options.ids.present()) return;
  check_ids(kOp, "ids", options.ids, std::numeric_limits<std::int32_t>::min(),
            std::numeric_limits<std::int32_t>::max());
  if (options.ids.shape() != Shape{own.all_images.dim(0)})
    refuse(kOp, describe("ids", options.ids) + ", but one per pair of all is needed, as " +
                    describe("all_images", own.all_images));
}

// Some numbers of each pair, of all: from columns of this replica's part.
class PairNumbers {
 public:
  PairNumbers(Context& context, const Pairs& pairs, std::int64_t columns)
      : context_(context), pairs_(pairs), all_(context.empty({pairs.count, columns})) {}

  void put(std::int64_t column, const Tensor& of_part) {
    const auto& [first, count] = pairs_.own;
    context_.copy(of_part.narrow(0, first - pairs_.part.first, count).reshape({count, 1}),
                  all_.narrow(0, first, count).narrow(1, column, 1));
  }
  void gather() { pairs_.group->gather(context_, all_); }
  [[nodiscard]] Tensor get(std::int64_t column) {
    const Tensor out = context_.empty({pairs_.count});
    context_.copy(all_.narrow(1, column, 1), out.reshape({pairs_.count, 1}));
    return out;
  }
  [[nodiscard]] double sum(std::int64_t column) { return kernels::contrastive_sum(context_.download(get(column))); }

 private:
  Context& context_;
  const Pairs& pairs_;
  Tensor all_;
};

// Tiles that hold rows or columns of the part, times two for a multiply and an add.
double product_flops(const Pairs& pairs, std::int64_t width, bool columns) {
  const auto part = static_cast<double>(pairs.part.count), all = static_cast<double>(pairs.count);
  return 2.0 * static_cast<double>(width) * (columns ? 2.0 * part * all - part * part : part * all);
}

struct Saved {
  SavedTensor image, text, logit_scale, row_lse, col_lse, logit_bias;
  Tensor ids;
  float max_logit_scale;
  kernels::ContrastiveKind kind;
  Pairs pairs;
};

// To a parameter, from what each pair adds to its gradient.
void give_number(BackwardCall& call, int input, double sum) {
  call.give(input, call.context().full({1}, static_cast<float>(sum), call.gradient_tag(input)));
}

// Inputs of the node: 0 image, 1 text, 2 logit_scale, 3 logit_bias.
void gradient(BackwardCall& call, const Saved& saved) {
  Context& context = call.context();
  const Pairs& pairs = saved.pairs;
  const Tensor image = saved.image.unpack(context), text = saved.text.unpack(context);
  const Tensor logit_scale = saved.logit_scale.unpack(context), logit_bias = saved.logit_bias.unpack(context);
  const Tensor row_lse = saved.row_lse.unpack(context), col_lse = saved.col_lse.unpack(context);
  const std::int64_t width = image.dim(1), count = pairs.part.count;
  const Tensor dimage = context.empty({count, width}), dtext = context.empty({count, width});
  const bool wants_scale = call.wanted(2), wants_bias = call.wanted(3);
  const Tensor scale_terms = wants_scale ? context.empty({count}) : Tensor(),
               bias_terms = wants_bias ? context.empty({count}) : Tensor();
  const kernels::ContrastiveLossGradArgs args{.image = image.view(),
                                              .text = text.view(),
                                              .logit_scale = logit_scale.view(),
                                              .ids = saved.ids.view(),
                                              .row_lse = row_lse.view(),
                                              .col_lse = col_lse.view(),
                                              .max_logit_scale = saved.max_logit_scale,
                                              .kind = saved.kind,
                                              .logit_bias = logit_bias.view(),
                                              .dloss = call.scalar_output_gradient(),
                                              .part = pairs.part,
                                              .dimage = dimage.view(),
                                              .dtext = dtext.view(),
                                              .scale_terms = scale_terms.view(),
                                              .bias_terms = bias_terms.view()};
  context.launch("contrastive_loss_grad", kernels::contrastive_loss_grad, args,
                 kernels::contrastive_loss_grad_workspace_bytes(context.exec(), args),
                 {.flops = product_flops(pairs, width, true) + 2.0 * product_flops(pairs, width, false)});
  const std::int64_t first = pairs.own.first - pairs.part.first;
  call.give(0, dimage.narrow(0, first, pairs.own.count));
  call.give(1, dtext.narrow(0, first, pairs.own.count));
  if (!wants_scale && !wants_bias) return;
  PairNumbers numbers(context, pairs, wants_scale && wants_bias ? 2 : 1);
  if (wants_scale) numbers.put(0, scale_terms);
  if (wants_bias) numbers.put(wants_scale ? 1 : 0, bias_terms);
  numbers.gather();
  if (wants_scale)
    give_number(
        call, 2,
        kernels::clamped_scale_gradient(numbers.sum(0), context.download(logit_scale).front(), saved.max_logit_scale));
  if (wants_bias) give_number(call, 3, numbers.sum(wants_scale ? 1 : 0));
}

}  // namespace

bool divides_contrastive_loss(const Context& context, std::int64_t pairs) {
  return kernels::contrastive_takes_parts(context.exec(), pairs);
}

Variable divided_contrastive_loss(Context& context, const OwnPairs& own, const Variable& logit_scale,
                                  const ContrastiveLossOptions& options) {
  check(context, own, logit_scale, options);
  const ContrastivePart own_pairs{own.first, own.image.dim(0)};
  const std::int64_t count = own.all_images.dim(0);
  const Pairs pairs{&own.group, own_pairs, kernels::contrastive_part(count, own_pairs), count};
  const bool softmax = options.kind == kernels::ContrastiveKind::softmax;
  const auto line = [&] { return context.empty({pairs.part.count}); };
  const Tensor terms = line(), own_row_lse = softmax ? line() : Tensor(), own_col_lse = softmax ? line() : Tensor();
  const kernels::ContrastiveLossArgs args{.image = own.all_images.view(),
                                          .text = own.all_texts.view(),
                                          .logit_scale = logit_scale.view(),
                                          .ids = options.ids.view(),
                                          .max_logit_scale = options.max_logit_scale,
                                          .kind = options.kind,
                                          .logit_bias = options.logit_bias.view(),
                                          .part = pairs.part,
                                          .row_lse = own_row_lse.view(),
                                          .col_lse = own_col_lse.view(),
                                          .terms = terms.view()};
  context.launch("contrastive_loss", kernels::contrastive_loss, args,
                 kernels::contrastive_loss_workspace_bytes(context.exec(), args),
                 {.flops = product_flops(pairs, own.all_images.dim(1), softmax)});
  PairNumbers numbers(context, pairs, softmax ? 3 : 1);
  numbers.put(0, terms);
  if (softmax) numbers.put(1, own_row_lse);
  if (softmax) numbers.put(2, own_col_lse);
  numbers.gather();
  Tensor loss = context.full({1}, static_cast<float>(numbers.sum(0) / static_cast<double>(count)));
  if (!recording(context, {&own.image, &own.text, &logit_scale, &options.logit_bias})) return loss;
  Saved saved{.image = save(context, own.all_images),
              .text = save(context, own.all_texts),
              .logit_scale = save(context, logit_scale),
              .row_lse = softmax ? save(context, numbers.get(1)) : SavedTensor(),
              .col_lse = softmax ? save(context, numbers.get(2)) : SavedTensor(),
              .logit_bias = save(context, options.logit_bias),
              .ids = options.ids,
              .max_logit_scale = options.max_logit_scale,
              .kind = options.kind,
              .pairs = pairs};
  return record(context, kOp, std::move(loss), {&own.image, &own.text, &logit_scale, &options.logit_bias},
                [saved = std::move(saved)](BackwardCall& call) { gradient(call, saved); });
}

}  // namespace athanor::ops
