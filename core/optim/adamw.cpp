#include "core/optim/adamw.h"

#include "kernels/ops/optim/adamw.h"
#include "kernels/ops/reduce/gradient_stats.h"

#include <cmath>

namespace athanor::optim {

namespace {

template <class T>
T read_one(const Tensor& tensor) {
  T value{};
  if (!tensor.dry()) copy_bytes(&value, Device{}, tensor.view().data, tensor.device(), sizeof(T));
  return value;
}

}  // namespace

AdamW::AdamW(Context& context, const std::vector<Parameter>& parameters, const AdamWOptions& options)
    : options_(options) {
  for (const Parameter& parameter : parameters) {
    if (!parameter->trainable) continue;
    const Shape& shape = parameter->value.shape();
    Tensor m = context.zeros(shape, MemoryTag::optimizer);
    Tensor v = context.zeros(shape, MemoryTag::optimizer);
    slots_.push_back({parameter, std::move(m), std::move(v)});
  }
}

StepReport AdamW::step(Context& context, const StepOptions& options) {
  const Tensor sum_squares = context.empty({1}, DType::f64, MemoryTag::optimizer);
  const Tensor nonfinite = context.empty({1}, DType::i64, MemoryTag::optimizer);
  measure(context, sum_squares, nonfinite);
  StepReport report{.gradient_norm = std::sqrt(read_one<double>(sum_squares)) * options.gradient_scale,
                    .nonfinite = read_one<std::int64_t>(nonfinite)};
  if (!report.applied()) return report;
  ++step_count_;
  update(context, options, sum_squares);
  return report;
}

void AdamW::measure(Context& context, const Tensor& sum_squares, const Tensor& nonfinite) const {
  std::vector<kernels::GradientSegment> segments;
  double numel = 0;
  for (const Slot& slot : slots_) {
    const Tensor& gradient = slot.parameter->gradient;
    if (!gradient.present()) continue;
    segments.push_back({gradient.view().as<const float>(), gradient.numel()});
    numel += static_cast<double>(gradient.numel());
  }
  const kernels::GradientStatsArgs args{
      .segments = segments, .sum_squares = sum_squares.view(), .nonfinite = nonfinite.view()};
  context.launch("gradient_stats", kernels::gradient_stats, args,
                 kernels::gradient_stats_workspace_bytes(context.exec(), args), {.flops = 2.0 * numel});
}

void AdamW::update(Context& context, const StepOptions& options, const Tensor& sum_squares) {
  std::vector<kernels::AdamWSegment> segments;
  double numel = 0;
  for (const Slot& slot : slots_) {
    const ParameterState& parameter = *slot.parameter;
    if (!parameter.gradient.present()) continue;
    parameter.value.count_change();
    segments.push_back({.param = parameter.value.view().as<float>(),
                        .grad = parameter.gradient.view().as<const float>(),
                        .m = slot.m.view().as<float>(),
                        .v = slot.v.view().as<float>(),
                        .numel = parameter.value.numel(),
                        .lr = options.learning_rate * parameter.rate,
                        .weight_decay = decay_of(parameter)});
    numel += static_cast<double>(parameter.value.numel());
  }
  context.launch("adamw", kernels::adamw,
                 kernels::AdamWArgs{.segments = segments,
                                    .beta1 = options_.beta1,
                                    .beta2 = options_.beta2,
                                    .eps = options_.eps,
                                    .step = step_count_,
                                    .gradient_scale = options.gradient_scale,
                                    .sum_squares = sum_squares.view(),
                                    .max_norm = options.max_norm},
                 0, {.flops = 14.0 * numel});
}

void AdamW::clear_gradients() {
  for (const Slot& slot : slots_) slot.parameter->gradient = {};
}

std::vector<std::pair<std::string, Tensor>> AdamW::named_state() const {
  std::vector<std::pair<std::string, Tensor>> state;
  for (const Slot& slot : slots_) {
    state.emplace_back(slot.parameter->path + ".m", slot.m);
    state.emplace_back(slot.parameter->path + ".v", slot.v);
  }
  return state;
}

std::vector<ParameterGroup> AdamW::groups() const {
  std::vector<ParameterGroup> groups;
  for (const Slot& slot : slots_) {
    const float decay = decay_of(*slot.parameter);
    const float rate = slot.parameter->rate;
    auto group = groups.begin();
    while (group != groups.end() && (group->weight_decay != decay || group->rate != rate)) ++group;
    if (group == groups.end()) group = groups.insert(group, {.weight_decay = decay, .rate = rate, .paths = {}});
    group->paths.push_back(slot.parameter->path);
  }
  return groups;
}

}  // namespace athanor::optim
