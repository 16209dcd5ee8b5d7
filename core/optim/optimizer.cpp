#include "core/optim/optimizer.h"

#include "core/optim/adamw.h"
#include "core/optim/lamb.h"
#include "core/optim/sgd.h"
#include "kernels/base/error.h"
#include "kernels/ops/optim/gradient_factor.h"
#include "kernels/ops/optim/step_values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

namespace athanor::optim {

namespace {

using kernels::StepValues;

StepReport report_of(double squares, std::int64_t nonfinite, const StepOptions& options) {
  const auto scale = static_cast<double>(options.gradient_scale);
  StepReport report;
  report.gradient_norm = std::sqrt(squares) * scale;
  report.nonfinite = nonfinite;
  report.clipped = report.applied() && kernels::gradient_factor(options.gradient_scale, {&squares, DType::f64, {1}},
                                                                options.max_norm) < scale;
  return report;
}

void count_lost(const Context& context, const std::vector<Tensor>& lost, StepReport& report) {
  for (const Tensor& counts : lost) {
    const auto read = context.read<std::int64_t>(counts);
    report.lost_updates += read[0];
    report.updates += read[1];
  }
}

double bytes_of(const Tensor& tensor) {
  return tensor.present() ? static_cast<double>(storage_bytes(tensor.dtype(), tensor.numel())) : 0.0;
}

}  // namespace

Optimizer::Optimizer(const std::vector<Parameter>& parameters, float weight_decay, std::vector<const char*> array_names)
    : weight_decay_(weight_decay), array_names_(std::move(array_names)) {
  for (const Parameter& parameter : parameters)
    if (parameter->trainable) slots_.push_back({parameter, std::vector<Tensor>(array_names_.size())});
}

std::vector<Tensor> Optimizer::gradients() const {
  std::vector<Tensor> all;
  for (const Slot& slot : slots_)
    if (slot.parameter->gradient.present()) all.push_back(slot.parameter->gradient);
  return all;
}

ops::SquareSum Optimizer::sum_squares(Context& context) {
  return sum_squares_ ? sum_squares_(context) : ops::sum_squares(context, gradients(), MemoryTag::optimizer);
}

std::vector<Tensor> Optimizer::apply(Context& context, const StepOptions& options, const Tensor& sum_squares) {
  ++step_count_;
  Update made{.options = options, .sum_squares = sum_squares, .values = {}, .step = {}, .nonfinite = {}, .lost = {}};
  update(context, made);
  if (after_step_) after_step_(context);
  return std::move(made.lost);
}

StepReport Optimizer::step(Context& context, const StepOptions& options) {
  if (measure_) measure_(context);
  const ops::SquareSum sum = sum_squares(context);
  StepReport report = report_of(sum.read_squares(context), sum.read_nonfinite(context), options);
  if (report.applied()) count_lost(context, apply(context, options, sum.squares), report);
  return report;
}

void Optimizer::step_ahead(Context& context, const StepOptions& options) {
  if (measure_) measure_(context);
  ahead_.emplace().options = options;
  const auto keep = [&](const Tensor& tensor) {
    if (tensor.present()) ahead_->before.emplace_back(tensor, context.clone(tensor, MemoryTag::optimizer));
  };
  for (const Slot& slot : slots_) {
    if (!slot.parameter->gradient.present()) continue;
    keep(slot.parameter->value);
    for (const Tensor& array : slot.state) keep(array);
  }
  StepOptions unclipped = options;
  unclipped.max_norm = 0;
  ahead_->lost = apply(context, unclipped, {});
}

StepReport Optimizer::settle(Context& context) {
  if (!ahead_) throw Failure(ErrorKind::internal, "settle a step", "none was taken ahead");
  const ops::SquareSum sum = sum_squares(context);
  Ahead ahead = std::move(*ahead_);
  ahead_.reset();
  StepReport report = report_of(sum.read_squares(context), sum.read_nonfinite(context), ahead.options);
  if (!report.applied() || report.clipped) {
    for (const auto& [tensor, before] : ahead.before) context.copy(before, tensor);
    --step_count_;
    ahead.lost.clear();
    if (report.applied()) {
      ahead.lost = apply(context, ahead.options, sum.squares);
    } else if (after_step_) {
      after_step_(context);
    }
  }
  count_lost(context, ahead.lost, report);
  return report;
}

void Optimizer::prepare(Context& context, const StepOptions& options) {
  if (!values_.present()) values_ = context.empty({StepValues::kCount + 1}, DType::f32, MemoryTag::optimizer);
  const std::int64_t step = step_count_ + 1;
  const auto [first, second] = betas();
  std::array<float, StepValues::kCount + 1> values{};
  values[StepValues::kLearningRate] = options.learning_rate;
  values[StepValues::kGradientScale] = options.gradient_scale;
  values[StepValues::kCorrection1] = kernels::bias_correction(first, step);
  values[StepValues::kCorrection2] = kernels::bias_correction(second, step);
  values[StepValues::kCount] = std::bit_cast<float>(static_cast<std::int32_t>(step));
  context.write(values_, values);
}

Optimizer::Queued Optimizer::queue(Context& context, const StepOptions& options, const Tensor& loss) {
  if (sum_squares_)
    throw Failure(ErrorKind::internal, "queue a step", "the norm of its gradients is told from outside");
  const Tensor squares = context.empty({2}, DType::f64, MemoryTag::optimizer);
  const Tensor nonfinite = context.empty({2}, DType::i64, MemoryTag::optimizer);
  ops::sum_squares(context, gradients(), {squares.narrow(0, 0, 1), nonfinite.narrow(0, 0, 1)});
  ops::sum_squares(context, {&loss, 1}, {squares.narrow(0, 1, 1), nonfinite.narrow(0, 1, 1)});
  Update made{.options = options,
              .sum_squares = squares.narrow(0, 0, 1),
              .values = values_.narrow(0, 0, StepValues::kCount),
              .step = values_.narrow(0, StepValues::kCount, 1).as_type(DType::i32),
              .nonfinite = nonfinite,
              .lost = {}};
  update(context, made);
  return {made.sum_squares, nonfinite, std::move(made.lost)};
}

StepReport Optimizer::finish(Context& context, const StepOptions& options, const Queued& queued) {
  const auto nonfinite = context.read<std::int64_t>(queued.nonfinite);
  StepReport report = report_of(context.read<double>(queued.squares).front(), nonfinite[0], options);
  if (nonfinite[0] != 0 || nonfinite[1] != 0) return report;
  ++step_count_;
  count_lost(context, queued.lost, report);
  return report;
}

void Optimizer::clear_gradients() {
  for (const Slot& slot : slots_) slot.parameter->gradient = {};
}

std::vector<std::pair<std::string, Tensor>> Optimizer::named_state() const {
  std::vector<std::pair<std::string, Tensor>> state;
  for (const Slot& slot : slots_)
    for (std::size_t i = 0; i < array_names_.size(); ++i)
      if (slot.state[i].present()) state.emplace_back(slot.parameter->path + "." + array_names_[i], slot.state[i]);
  return state;
}

std::vector<ParameterGroup> Optimizer::groups() const {
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

double Optimizer::bytes_per_parameter() const {
  double bytes = 0, numel = 0;
  for (const Slot& slot : slots_) {
    const double count = static_cast<double>(slot.parameter->value.numel());
    numel += count;
    bytes += bytes_of(slot.parameter->value) + count * sizeof(float);
    for (const Tensor& array : slot.state) bytes += bytes_of(array);
  }
  return numel > 0 ? bytes / numel : 0.0;
}

bool Optimizer::has_narrow_masters() const {
  return std::ranges::any_of(slots_, [](const Slot& slot) { return slot.parameter->value.dtype() != DType::f32; });
}

Kind kind_named(std::string_view name) {
  const auto found = std::ranges::find(kKindNames, name);
  if (found == std::end(kKindNames))
    throw Failure(ErrorKind::invalid_input, "choose an optimizer", "there is none named " + std::string(name),
                  "Set train.optimizer to adamw, lamb or sgd");
  return static_cast<Kind>(found - std::begin(kKindNames));
}

std::unique_ptr<Optimizer> make_optimizer(Context& context, const std::vector<Parameter>& parameters,
                                          const Options& o) {
  switch (o.kind) {
    case Kind::lamb:
      return std::make_unique<Lamb>(
          context, parameters,
          LambOptions{.beta1 = o.beta1, .beta2 = o.beta2, .eps = o.eps, .weight_decay = o.weight_decay});
    case Kind::sgd:
      return std::make_unique<Sgd>(
          context, parameters,
          SgdOptions{.momentum = o.momentum, .nesterov = o.nesterov, .weight_decay = o.weight_decay});
    case Kind::adamw: break;
  }
  return std::make_unique<AdamW>(context, parameters,
                                 AdamWOptions{.beta1 = o.beta1,
                                              .beta2 = o.beta2,
                                              .eps = o.eps,
                                              .weight_decay = o.weight_decay,
                                              .moments = o.moments,
                                              .rounding = o.rounding});
}

void narrow_masters(Context& context, const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters)
    if (parameter->product && parameter->trainable)
      parameter->value = context.cast(parameter->value, DType::bf16, MemoryTag::parameters);
}

}  // namespace athanor::optim
