#include "core/autograd/node.h"
#include "core/ops/check.h"
#include "core/ops/loss.h"

#include <limits>

namespace athanor::ops {

namespace {

void check_contrastive_loss(const Variable& image, const Variable& text, const Variable& logit_scale,
                            const Tensor& ids) {
  check_numbers("contrastive_loss", "image", image);
  check_numbers("contrastive_loss", "text", text);
  check_parameter("contrastive_loss", "logit_scale", logit_scale);
  if (image.rank() != 2 || image.dim(0) < 1)
    refuse("contrastive_loss", describe("image", image) + ", but [pairs, embedding dim] is needed");
  check_stream("contrastive_loss", "text", text, image.shape(), describe("image", image), {"image", image});
  check_shape("contrastive_loss", "logit_scale", logit_scale, {1}, "it is one number");
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
  SavedTensor image, text, logit_scale, row_lse, col_lse;
  ContrastiveLossOptions options;
};

// Inputs of the node: 0 image, 1 text, 2 logit_scale.
void contrastive_loss_grad(BackwardCall& call, const SavedContrastiveLoss& saved) {
  Context& context = call.context();
  const Tensor image = saved.image.unpack(context), text = saved.text.unpack(context);
  const Tensor logit_scale = saved.logit_scale.unpack(context);
  const Tensor row_lse = saved.row_lse.unpack(context), col_lse = saved.col_lse.unpack(context);
  Tensor dimage = context.empty_like(image), dtext = context.empty_like(text);
  ParameterSpace space(call, {{2, {1}}});
  const kernels::ContrastiveLossGradArgs args{.image = image.view(),
                                              .text = text.view(),
                                              .logit_scale = logit_scale.view(),
                                              .ids = saved.options.ids.view(),
                                              .row_lse = row_lse.view(),
                                              .col_lse = col_lse.view(),
                                              .max_logit_scale = saved.options.max_logit_scale,
                                              .dloss = call.scalar_output_gradient(),
                                              .accumulate_parameters = space.accumulate(),
                                              .dimage = dimage.view(),
                                              .dtext = dtext.view(),
                                              .dlogit_scale = space.view(2)};
  context.launch("contrastive_loss_grad", kernels::contrastive_loss_grad, args,
                 kernels::contrastive_loss_grad_workspace_bytes(context.exec(), args),
                 {.flops = 3.0 * product_flops(image.shape())});
  space.commit();
  call.give(0, std::move(dimage));
  call.give(1, std::move(dtext));
}

}  // namespace

Variable contrastive_loss(Context& context, const Variable& image, const Variable& text, const Variable& logit_scale,
                          const ContrastiveLossOptions& options) {
  check_contrastive_loss(image, text, logit_scale, options.ids);
  Tensor loss = context.empty({1});
  const Tensor row_lse = context.empty({image.dim(0)}), col_lse = context.empty({image.dim(0)});

  const kernels::ContrastiveLossArgs args{.image = image.view(),
                                          .text = text.view(),
                                          .logit_scale = logit_scale.view(),
                                          .ids = options.ids.view(),
                                          .max_logit_scale = options.max_logit_scale,
                                          .loss = loss.view(),
                                          .row_lse = row_lse.view(),
                                          .col_lse = col_lse.view()};
  context.launch("contrastive_loss", kernels::contrastive_loss, args,
                 kernels::contrastive_loss_workspace_bytes(context.exec(), args),
                 {.flops = product_flops(image.shape())});

  if (!recording(context, {&image, &text, &logit_scale})) return loss;
  SavedContrastiveLoss saved{.image = save(context, image),
                             .text = save(context, text),
                             .logit_scale = save(context, logit_scale),
                             .row_lse = save(context, row_lse),
                             .col_lse = save(context, col_lse),
                             .options = options};
  return record(context, "contrastive_loss", std::move(loss), {&image, &text, &logit_scale},
                [saved = std::move(saved)](BackwardCall& call) { contrastive_loss_grad(call, saved); });
}

}  // namespace athanor::ops
