#include "core/optim/adamw.h"

#include "core/nn/scope.h"
#include "kernels/base/error.h"

namespace athanor::optim {

namespace {

Tensor zeros(Context& context, const Shape& shape, DType format) {
  return context.full(shape, 0.0f, MemoryTag::optimizer, format);
}

void* data_of(const Tensor& tensor) { return tensor.view().data; }

}  // namespace

AdamW::AdamW(Context& context, const std::vector<Parameter>& parameters, const AdamWOptions& options)
    : Optimizer(parameters, options.weight_decay, {"m", "v", "compensation"}), options_(options) {
  if (options.moments != DType::f32 && options.moments != DType::bf16)
    throw Failure(ErrorKind::invalid_input, "make an optimizer",
                  std::string("its moments cannot be ") + to_string(options.moments), "Choose f32 or bf16");
  for (Slot& slot : slots()) {
    const Tensor& value = slot.parameter->value;
    if (value.dtype() != DType::f32 && value.dtype() != DType::bf16)
      throw Failure(ErrorKind::invalid_input, "make an optimizer",
                    slot.parameter->path + " holds " + to_string(value.dtype()), "Masters are f32 or bf16");
    const bool compensated = value.dtype() == DType::bf16 && options.rounding == kernels::MasterRounding::compensated;
    slot.state = {zeros(context, value.shape(), options.moments), zeros(context, value.shape(), options.moments),
                  compensated ? zeros(context, value.shape(), DType::bf16) : Tensor()};
  }
}

// The kernel takes masters of one format at a time.
void AdamW::update(Context& context, Update& update) {
  std::vector<kernels::AdamWSegment> wide, narrow;
  for_each_moving([&](const Slot& slot) {
    const ParameterState& parameter = *slot.parameter;
    auto& segments = parameter.value.dtype() == DType::f32 ? wide : narrow;
    segments.push_back({.param = data_of(parameter.value),
                        .grad = parameter.gradient.view().as<const float>(),
                        .m = data_of(slot.state[0]),
                        .v = data_of(slot.state[1]),
                        .numel = parameter.value.numel(),
                        .lr = rate_of(update, parameter),
                        .weight_decay = decay_of(parameter),
                        .compensation = slot.state[2].view().as<std::uint16_t>(),
                        .stream = nn::path_stream(parameter.path)});
  });
  update_format(context, update, DType::f32, wide);
  update_format(context, update, DType::bf16, narrow);
}

void AdamW::update_format(Context& context, Update& update, DType master,
                          std::span<const kernels::AdamWSegment> segments) {
  if (segments.empty()) return;
  double numel = 0;
  for (const kernels::AdamWSegment& segment : segments) numel += static_cast<double>(segment.numel);
  const Tensor lost = update.options.count_lost ? context.empty({2}, DType::i64, MemoryTag::optimizer) : Tensor();
  const kernels::AdamWArgs args{.segments = segments,
                                .beta1 = options_.beta1,
                                .beta2 = options_.beta2,
                                .eps = options_.eps,
                                .step = step_count(),
                                .gradient_scale = update.options.gradient_scale,
                                .sum_squares = update.sum_squares.view(),
                                .max_norm = update.options.max_norm,
                                .master = master,
                                .moments = options_.moments,
                                .rounding = options_.rounding,
                                .seed = context.seed(),
                                .lost = lost.view(),
                                .values = update.values.view(),
                                .step_on_device = update.step.view(),
                                .nonfinite = update.nonfinite.view()};
  context.launch("adamw", kernels::adamw, args, kernels::adamw_workspace_bytes(context.exec(), args),
                 {.flops = 14.0 * numel});
  if (lost.present()) update.lost.push_back(lost);
}

}  // namespace athanor::optim
