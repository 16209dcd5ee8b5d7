#include "kernels/ops/loss/cross_entropy.h"

#include "core/ops/check.h"
#include "core/ops/cross_entropy_tape.h"

#include <fmt/format.h>

namespace athanor::ops {

void cross_entropy_grad(BackwardCall& call, const SavedCrossEntropy& saved) {
  Context& context = call.context();
  const Tensor logits = saved.logits.unpack(context), row_max = saved.row_max.unpack(context),
               row_log = saved.row_log.unpack(context), counted = saved.counted.unpack(context);
  Tensor dlogits = context.empty_like(logits);
  context.launch("cross_entropy_grad", kernels::cross_entropy_grad,
                 kernels::CrossEntropyGradArgs{.x = logits.view(),
                                               .targets = saved.targets.view(),
                                               .row_max = row_max.view(),
                                               .row_log = row_log.view(),
                                               .counted = counted.view(),
                                               .smoothing = saved.options.smoothing,
                                               .ignored = saved.options.ignored,
                                               .dloss = call.scalar_output_gradient(),
                                               .dx = dlogits.view()},
                 0, {.flops = 4.0 * static_cast<double>(logits.numel())});
  call.give(0, std::move(dlogits));
}

void check_targets(const char* op, const Tensor& targets, std::int64_t rows, const std::string& because,
                   std::int64_t classes, const CrossEntropyOptions& options) {
  if (!(options.smoothing >= 0.0f && options.smoothing < 1.0f))
    refuse(op, fmt::format("smoothing is {}, at least 0 and less than 1 is needed", options.smoothing));
  if (!targets.present()) refuse(op, "targets is absent");
  if (targets.dtype() != DType::i32 || !targets.contiguous() || targets.numel() != rows)
    refuse(op, fmt::format("{} of type {}, but contiguous i32, one per row, is needed, as {}",
                           describe("targets", targets), to_string(targets.dtype()), because));
  if (targets.dry() || targets.device().kind != DeviceKind::cpu) return;
  std::int64_t position = 0;
  for (const std::int32_t target : targets.host<std::int32_t>()) {
    if (target != options.ignored && (target < 0 || target >= classes))
      refuse(op, fmt::format("targets[{}] is {}, which is neither within 0 to {} nor {} (ignored)", position, target,
                             classes - 1, options.ignored));
    ++position;
  }
}

Variable cross_entropy(Context& context, const Variable& logits, const Tensor& targets,
                       const CrossEntropyOptions& options) {
  check_numbers("cross_entropy", "logits", logits);
  if (logits.rank() < 1 || logits.dim(-1) < 1)
    refuse("cross_entropy", describe("logits", logits) + ", but [..., classes] is needed");
  const std::int64_t count = rows(logits.shape());
  check_targets("cross_entropy", targets, count, describe("logits", logits), logits.dim(-1), options);
  Tensor loss = context.empty({1});
  const Tensor row_max = context.empty({count}), row_log = context.empty({count}), counted = context.empty({1});
  const kernels::CrossEntropyArgs args{.x = logits.view(),
                                       .targets = targets.view(),
                                       .smoothing = options.smoothing,
                                       .ignored = options.ignored,
                                       .loss = loss.view(),
                                       .row_max = row_max.view(),
                                       .row_log = row_log.view(),
                                       .counted = counted.view()};
  context.launch("cross_entropy", kernels::cross_entropy, args,
                 kernels::cross_entropy_workspace_bytes(context.exec(), args),
                 {.flops = 4.0 * static_cast<double>(logits.numel())});

  if (!recording(context, {&logits})) return loss;
  SavedCrossEntropy saved{.logits = save(context, logits),
                          .row_max = save(context, row_max),
                          .row_log = save(context, row_log),
                          .counted = save(context, counted),
                          .targets = targets,
                          .options = options};
  return record(context, "cross_entropy", std::move(loss), {&logits},
                [saved = std::move(saved)](BackwardCall& call) { cross_entropy_grad(call, saved); });
}

}  // namespace athanor::ops
