#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/loss.h"

#include <limits>

namespace athanor::ops {

namespace {

void check_contrastive_loss(const Variable& image, const Variable& text, const Variable& logit_scale,
                            const ContrastiveLossOptions& options) {
  const Tensor& ids = options.ids;
  check_numbers("contrastive_loss", "image", image);
  check_numbers("contrastive_loss", "text", text);
  check_parameter("contrastive_loss", "logit_scale", logit_scale);
  if (image.rank() != 2 || image.dim(0) < 1)
    refuse("contrastive_loss", describe("image", image) + ", but [pairs, embedding dim] is needed");
  check_stream("contrastive_loss", "text", text, image.shape(), describe("image", image), {"image", image});
  check_shape("contrastive_loss", "logit_scale", logit_scale, {1}, "it is one number");
  if (options.kind == kernels::ContrastiveKind::softmax) {
    if (options.logit_bias.present())
      refuse("contrastive_loss", describe("logit_bias", options.logit_bias) + ", but the softmax knows none");
    check_shape("contrastive_loss", "row_scale", options.row_scale, {image.dim(0)}, describe("image", image));
    check_shape("contrastive_loss", "col_scale", options.col_scale, {image.dim(0)}, describe("image", image));
  } else {
    check_shape("contrastive_loss", "logit_bias", options.logit_bias, {1}, "it is one number");
    if (options.row_scale.present() || options.col_scale.present())
      refuse("contrastive_loss", (options.row_scale.present() ? describe("row_scale", options.row_scale)
                                                              : describe("col_scale", options.col_scale)) +
                                     ", but scales per sample belong to the softmax, not to the sigmoid, as " +
                                     describe("image", image));
  }
  if (!ids.present()) return;
  check_ids("contrastive_loss", "ids", ids, std::numeric_limits<std::int32_t>::min(),
            std::numeric_limits<std::int32_t>::max());
  if (ids.shape() != Shape{image.dim(0)})
    refuse("contrastive_loss", describe("ids", ids) + ", but one per pair is needed, as " + describe("image", image));
}

double product_flops(const Shape& image) {
  return 2.0 * static_cast<double>(image[0]) * static_cast<double>(image[0] * image[1]);
}

struct SavedContrastiveLoss {
  SavedTensor image, text, logit_scale, row_lse, col_lse, logit_bias, row_scale, col_scale;
  Tensor ids;
  float max_logit_scale;
  kernels::ContrastiveKind kind;
};

// Inputs of the node: 0 image, 1 text, 2 logit_scale, 3 logit_bias, 4 row_scale, 5 col_scale.
void contrastive_loss_grad(BackwardCall& call, const SavedContrastiveLoss& saved) {
  Context& context = call.context();
  const Tensor image = saved.image.unpack(context), text = saved.text.unpack(context);
  const Tensor logit_scale = saved.logit_scale.unpack(context), logit_bias = saved.logit_bias.unpack(context);
  const Tensor row_lse = saved.row_lse.unpack(context), col_lse = saved.col_lse.unpack(context);
  const Tensor row_scale = saved.row_scale.unpack(context), col_scale = saved.col_scale.unpack(context);
  Tensor dimage = context.empty_like(image), dtext = context.empty_like(text);
  Tensor drow_scale = call.wanted(4) ? context.empty_like(row_scale) : Tensor(),
         dcol_scale = call.wanted(5) ? context.empty_like(col_scale) : Tensor();
  ParameterSpace space(call, {{2, {1}}, {3, {1}}});
  const kernels::ContrastiveLossGradArgs args{.image = image.view(),
                                              .text = text.view(),
                                              .logit_scale = logit_scale.view(),
                                              .ids = saved.ids.view(),
                                              .row_lse = row_lse.view(),
                                              .col_lse = col_lse.view(),
                                              .max_logit_scale = saved.max_logit_scale,
                                              .kind = saved.kind,
                                              .logit_bias = logit_bias.view(),
                                              .row_scale = row_scale.view(),
                                              .col_scale = col_scale.view(),
                                              .dloss = call.scalar_output_gradient(),
                                              .accumulate_parameters = space.accumulate(),
                                              .dimage = dimage.view(),
                                              .dtext = dtext.view(),
                                              .dlogit_scale = space.view(2),
                                              .dlogit_bias = space.view(3),
                                              .drow_scale = drow_scale.view(),
                                              .dcol_scale = dcol_scale.view()};
  context.launch("contrastive_loss_grad", kernels::contrastive_loss_grad, args,
                 kernels::contrastive_loss_grad_workspace_bytes(context.exec(), args),
                 {.flops = 3.0 * product_flops(image.shape())});
  space.commit();
  call.give(0, std::move(dimage));
  call.give(1, std::move(dtext));
  if (drow_scale.present()) call.give(4, std::move(drow_scale));
  if (dcol_scale.present()) call.give(5, std::move(dcol_scale));
}

}  // namespace

Variable contrastive_loss(Context& context, const Variable& image, const Variable& text, const Variable& logit_scale,
                          const ContrastiveLossOptions& options) {
  check_contrastive_loss(image, text, logit_scale, options);
  const bool softmax = options.kind == kernels::ContrastiveKind::softmax;
  Tensor loss = context.empty({1});
  const Tensor row_lse = softmax ? context.empty({image.dim(0)}) : Tensor(),
               col_lse = softmax ? context.empty({image.dim(0)}) : Tensor();

  const kernels::ContrastiveLossArgs args{.image = image.view(),
                                          .text = text.view(),
                                          .logit_scale = logit_scale.view(),
                                          .ids = options.ids.view(),
                                          .max_logit_scale = options.max_logit_scale,
                                          .kind = options.kind,
                                          .logit_bias = options.logit_bias.view(),
                                          .row_scale = options.row_scale.view(),
                                          .col_scale = options.col_scale.view(),
                                          .loss = loss.view(),
                                          .row_lse = row_lse.view(),
                                          .col_lse = col_lse.view()};
  context.launch("contrastive_loss", kernels::contrastive_loss, args,
                 kernels::contrastive_loss_workspace_bytes(context.exec(), args),
                 {.flops = product_flops(image.shape())});

  const std::initializer_list<const Variable*> inputs = {
      &image, &text, &logit_scale, &options.logit_bias, &options.row_scale, &options.col_scale};
  if (!recording(context, inputs)) return loss;
  SavedContrastiveLoss saved{.image = save(context, image),
                             .text = save(context, text),
                             .logit_scale = save(context, logit_scale),
                             .row_lse = save(context, row_lse),
                             .col_lse = save(context, col_lse),
                             .logit_bias = save(context, options.logit_bias),
                             .row_scale = save(context, options.row_scale),
                             .col_scale = save(context, options.col_scale),
                             .ids = options.ids,
                             .max_logit_scale = options.max_logit_scale,
                             .kind = options.kind};
  return record(context, "contrastive_loss", std::move(loss), inputs,
                [saved = std::move(saved)](BackwardCall& call) { contrastive_loss_grad(call, saved); });
}

}  // namespace athanor::ops
