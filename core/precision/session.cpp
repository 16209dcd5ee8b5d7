#include "core/precision/session.h"

#include "core/autograd/node.h"
#include "core/ops/elementwise.h"
#include "core/precision/coded_product.h"
#include "kernels/base/error.h"
#include "kernels/base/scaling.h"

#include <algorithm>
#include <cmath>

namespace athanor::precision {
namespace {

using kernels::QuantizeStats;
using ops::TensorClass;

constexpr double kLeastLoss = 1e-6;  // below which changes are not told relative to it
constexpr std::size_t kClasses = ops::kTensorClassCount, kCodings = kCodingCount, kStats = QuantizeStats::kCount;
constexpr const char* kRepeat = "repeat the number formats of another run";

}  // namespace

Session::Session(Context& context, const Settings& settings, const nn::ParameterSet& parameters,
                 const DeviceTraits& device)
    : context_(context),
      settings_(settings),
      resolution_(resolve(settings, parameters.sites(), device)),
      scaler_(settings.loss_scale),
      controller_(settings.dynamic, parameters.sites().size()),
      spikes_(settings.dynamic.spike),
      used_(parameters.sites().size(), false),
      impacts_(parameters.sites().size()),
      rows_(parameters.sites().size(), 0) {
  for (const LayerFormats& layer : resolution_.layers) formats_.push_back(layer.pass);
  const auto layers = static_cast<std::int64_t>(formats_.size());
  if (resolution_.actual == Policy::fp8_delayed || is_dynamic())
    stats_ = context.empty({layers * static_cast<std::int64_t>(kClasses * kCodings * kStats)}, DType::f64,
                           MemoryTag::optimizer);
  if (resolution_.actual == Policy::fp8_delayed) {
    scales_ = context.full({layers * static_cast<std::int64_t>(kClasses)}, 1.0f, MemoryTag::optimizer);
    for (std::size_t layer = 0; layer < formats_.size(); ++layer) {
      Histories& of_layer = histories_.emplace_back();
      for (std::size_t i = 0; i < kClasses; ++i)
        of_layer[i] = AmaxHistory(
            settings.delayed, kernels::largest_code(code_type(static_cast<TensorClass>(i), PassFormat::f8_delayed)));
    }
  }
  if (resolution_.stream != DType::f32) context.set_layer_precision(this);
  context.set_tf32(resolution_.tf32);
}

Session::~Session() {
  context_.set_tf32(false);
  if (context_.layer_precision() == this) context_.set_layer_precision(nullptr);
}

void Session::replay(std::vector<RecordedChange> changes) {
  for (const RecordedChange& change : changes) {
    if (!is_dynamic()) break;
    (void)layer_named(change.layer);
    (void)format_of(change);
  }
  replays_ = true;
  to_replay_ = std::move(changes);
}

// ---- What layers ask ----

Variable Session::enter(Context& context, const nn::Site&, const Variable& x) {
  return ops::cast(context, x, resolution_.stream);
}

Variable Session::leave(Context& context, const nn::Site& site, const Variable& y) {
  return ops::cast(context, y, resolution_.layers[site.index].out);
}

struct Session::Seen {
  std::size_t layer;
  Tensor x, weight, bias;
  Activation activation;
};

Variable Session::linear(Context& context, const nn::Site& site, const Variable& x, const Variable& weight,
                         const Variable& bias, const ops::LinearOptions& options) {
  const std::size_t layer = site.index;
  const Variable in = ops::cast(context, x, resolution_.stream);
  const Variable residual =
      options.residual.present() ? ops::cast(context, options.residual, resolution_.stream) : Variable();
  Variable y;
  if (formats_[layer] == PassFormats{PassFormat::stream, PassFormat::stream}) {
    y = ops::linear(context, in, weight, bias, {.activation = options.activation, .residual = residual});
  } else {
    y = product(context, layer, formats_[layer], in, weight, bias);
    if (options.activation != Activation::none) y = ops::activation(context, y, options.activation);
    if (residual.present()) y = ops::add(context, y, residual);
  }
  if (measuring_ && context.recording() && is_free(layer)) {
    used_[layer] = true;
    measure(context, layer, TensorClass::activation, in.value());
    measure(context, layer, TensorClass::weight, weight.value());
    y = probe_later(context, {layer, in.value(), weight.value(), bias.value(), options.activation}, y);
  }
  return leave(context, site, y);
}

// Nothing is given where nothing was seen yet: the tensor's own scale must do.
void Session::give_scale(std::size_t layer, TensorClass tensor_class, ops::CodeFormat& format) const {
  const auto index = static_cast<std::size_t>(tensor_class);
  if (!histories_.empty() && histories_[layer][index].scale())
    format.scale = scales_.narrow(0, static_cast<std::int64_t>(layer * kClasses + index), 1);
}

Variable Session::product(Context& context, std::size_t layer, const PassFormats& formats, const Variable& x,
                          const Variable& weight, const Variable& bias) {
  ops::ScaledLinearOptions how = product_options(formats, !settings_.exact_scales);
  for (ops::CodeFormat* format : {&how.forward.activation, &how.backward.activation})
    give_scale(layer, TensorClass::activation, *format);
  for (ops::CodeFormat* format : {&how.forward.weight, &how.backward.weight})
    give_scale(layer, TensorClass::weight, *format);
  give_scale(layer, TensorClass::gradient, how.backward.gradient);
  if (!histories_.empty() && context.recording()) {
    used_[layer] = true;
    for (std::size_t i = 0; i < kClasses; ++i) how.stats[i] = stats_of(layer, static_cast<TensorClass>(i), {});
  }
  return ops::scaled_linear(context, x, weight, bias, how);
}

// ---- Measuring: what quantizing would lose, without changing a bit of the run ----

Tensor Session::stats_of(std::size_t layer, TensorClass tensor_class, Coding coding) const {
  const std::size_t at =
      (layer * kClasses + static_cast<std::size_t>(tensor_class)) * kCodings + static_cast<std::size_t>(coding);
  return stats_.narrow(0, static_cast<std::int64_t>(at * kStats), static_cast<std::int64_t>(kStats));
}

void Session::measure(Context& context, std::size_t layer, TensorClass tensor_class, const Tensor& x) {
  for (const Coding coding : {Coding::tensor, Coding::block}) {
    const PassFormat format = coding == Coding::block ? PassFormat::f8_block : PassFormat::f8_tensor;
    (void)ops::quantize(context, x, code_format(tensor_class, format, !settings_.exact_scales),
                        {.rows = false, .columns = false, .stats = stats_of(layer, tensor_class, coding)});
  }
}

// y itself; on the way back its gradient is measured.
Variable Session::measure_gradient(Context& context, std::size_t layer, const Variable& y) {
  if (!recording(context, {&y})) return y;
  return record(context, "measure_gradient", y.value(), {&y}, [this, layer](BackwardCall& call) {
    Tensor dy = std::move(call.output_gradient());
    measure(call.context(), layer, TensorClass::gradient, dy);
    call.give(0, std::move(dy));
  });
}

// y itself; on the way back, when its gradient is known, the formats that could have made it are tried.
Variable Session::probe_later(Context& context, Seen seen, const Variable& y) {
  if (!recording(context, {&y})) return y;
  return record(context, "probe_formats", y.value(), {&y}, [this, seen = std::move(seen)](BackwardCall& call) {
    Tensor dy = std::move(call.output_gradient());
    probe(call.context(), seen, dy);
    call.give(0, std::move(dy));
  });
}

void Session::probe(Context& context, const Seen& seen, const Tensor& dy) {
  const auto in_f32 = [&](const Variable& x, const Variable& weight) {
    return measure_gradient(context, seen.layer, ops::linear(context, x, weight, Variable(seen.bias), {}));
  };
  const ImpactProbe probe(context, seen.x, seen.weight, seen.activation, dy, in_f32);
  for (const PassFormat format : kChoices) {
    const PassFormats formats{format, format == PassFormat::f16 ? PassFormat::stream : format};
    const FormatImpact found = probe.of([&](const Variable& x, const Variable& weight) {
      return product(context, seen.layer, formats, x, weight, Variable(seen.bias));
    });
    FormatImpact& impact = impacts_[seen.layer][static_cast<std::size_t>(format)];
    impact = {std::max(impact.loss, found.loss), std::max(impact.update, found.update)};
  }
  rows_[seen.layer] +=
      static_cast<double>(seen.x.numel()) / static_cast<double>(std::max<std::int64_t>(seen.x.dim(-1), 1));
}

std::vector<LayerMeasurement> Session::measurements(double loss) const {
  const std::vector<double> stats = context_.read<double>(stats_);
  std::vector<LayerMeasurement> out;
  for (std::size_t layer = 0; layer < formats_.size(); ++layer) {
    if (!used_[layer] || !is_free(layer)) continue;
    LayerMeasurement measured{.layer = layer, .work = resolution_.layers[layer].work, .rows = rows_[layer]};
    measured.impacts = impacts_[layer];
    for (FormatImpact& impact : *measured.impacts) impact.loss /= std::max(std::abs(loss), kLeastLoss);
    for (std::size_t c = 0; c < kClasses; ++c)
      for (std::size_t coding = 0; coding < kCodings; ++coding)
        measured.statistics[coding][c] =
            class_statistics(stats.data() + ((layer * kClasses + c) * kCodings + coding) * kStats);
    out.push_back(measured);
  }
  return out;
}

// ---- Steps ----

void Session::begin_step(std::int64_t done) {
  std::fill(used_.begin(), used_.end(), false);
  // A rehearsal measures once, not in the step whose work is counted.
  const bool due = context_.dry() ? done == 1 : (done + 1) % std::max(settings_.dynamic.every, 1) == 0;
  measuring_ = is_dynamic() && due && !replays_ && done + 1 > high_until_;
  if (!measuring_) return;
  std::fill(impacts_.begin(), impacts_.end(), FormatImpacts{});
  std::fill(rows_.begin(), rows_.end(), 0.0);
}

float Session::loss_scale() const noexcept {
  return resolution_.scales_loss ? static_cast<float>(scaler_.scale()) : 1.0f;
}

std::optional<std::vector<std::uint64_t>> Session::launch_key() const {
  if (measuring_) return std::nullopt;
  std::vector<std::uint64_t> key;
  for (const PassFormats& passes : formats_)
    for (const PassFormat format : passes) key.push_back(static_cast<std::uint64_t>(format));
  // A scale is given from the step on in which there is one.
  for (const Histories& of_layer : histories_)
    for (const AmaxHistory& history : of_layer) key.push_back(history.scale().has_value() ? 1 : 0);
  return key;
}

bool Session::is_alarming(double loss) const noexcept {
  if (!is_dynamic() || replays_) return false;
  const bool low = std::ranges::any_of(formats_, [](const auto& passes) {
    return std::ranges::any_of(passes, [](PassFormat format) { return format != PassFormat::stream; });
  });
  return low && (!std::isfinite(loss) || spikes_.is_spike(loss));
}

bool Session::count_overflow() { return resolution_.scales_loss && scaler_.count_overflow(); }

bool Session::is_milestone(std::int64_t done) const noexcept {
  return is_dynamic() && !replays_ && done % std::max(settings_.dynamic.every, 1) == 0;
}

std::vector<RecordedChange> Session::end_step(std::int64_t done, double loss) {
  if (resolution_.scales_loss) scaler_.count_good_step();
  if (!histories_.empty()) roll_histories();
  std::vector<RecordedChange> changes;
  if (is_dynamic() && replays_) apply_recorded(done, changes);
  if (is_dynamic() && !replays_) spikes_.count(loss);
  if (measuring_ && !context_.dry()) changes = apply(done, controller_.decide(measurements(loss), formats_));
  measuring_ = false;
  return changes;
}

std::vector<RecordedChange> Session::emergency(std::int64_t done, const std::string& reason) {
  std::vector<Change> changes;
  for (std::size_t layer = 0; layer < formats_.size(); ++layer)
    for (const Pass pass : {Pass::forward, Pass::backward}) {
      const PassFormat from = formats_[layer][static_cast<std::size_t>(pass)];
      if (from != PassFormat::stream) changes.push_back({layer, pass, from, PassFormat::stream, reason, {}});
    }
  controller_.forget();
  high_until_ = done + settings_.dynamic.high_steps;
  measuring_ = false;
  return apply(done, changes);
}

std::vector<RecordedChange> Session::apply(std::int64_t done, const std::vector<Change>& changes) {
  std::vector<RecordedChange> out;
  const auto name = [&](PassFormat format) {
    return format == PassFormat::stream ? to_string(resolution_.stream)
                                        : kPassFormatNames[static_cast<std::size_t>(format)];
  };
  for (const Change& change : changes) {
    formats_[change.layer][static_cast<std::size_t>(change.pass)] = change.to;
    out.push_back({done, resolution_.layers[change.layer].path, to_string(change.pass), name(change.from),
                   name(change.to), change.reason, change.statistics});
  }
  return out;
}

void Session::apply_recorded(std::int64_t done, std::vector<RecordedChange>& applied) {
  for (const RecordedChange& change : to_replay_) {
    if (change.step != done) continue;
    const std::size_t pass = change.pass == to_string(Pass::forward) ? 0 : 1;
    formats_[layer_named(change.layer)][pass] = format_of(change);
    applied.push_back(change);
  }
}

PassFormat Session::format_of(const RecordedChange& change) const {
  if (change.to == to_string(resolution_.stream)) return PassFormat::stream;
  const auto found = std::ranges::find_if(kPassFormatNames, [&](const char* name) { return change.to == name; });
  if (found == kPassFormatNames.end())
    throw Failure(ErrorKind::invalid_input, kRepeat,
                  "its journal names the format " + change.to + " for " + change.layer,
                  "Use the recipe that the run was made with");
  return static_cast<PassFormat>(found - kPassFormatNames.begin());
}

std::size_t Session::layer_named(const std::string& path) const {
  const auto found = std::ranges::find(resolution_.layers, path, &LayerFormats::path);
  if (found == resolution_.layers.end())
    throw Failure(ErrorKind::invalid_input, kRepeat, "this model has no layer " + path,
                  "Use the recipe that the run was made with");
  return static_cast<std::size_t>(found - resolution_.layers.begin());
}

void Session::roll_histories() {
  const std::vector<double> stats = context_.read<double>(stats_);
  for (std::size_t layer = 0; layer < histories_.size(); ++layer) {
    if (!used_[layer]) continue;  // what did not run must not forget
    for (std::size_t c = 0; c < kClasses; ++c)
      histories_[layer][c].roll(stats[((layer * kClasses + c) * kCodings) * kStats + QuantizeStats::amax]);
  }
  write_scales();
}

void Session::write_scales() {
  std::vector<float> scales;
  for (const Histories& of_layer : histories_)
    for (const AmaxHistory& history : of_layer) scales.push_back(history.scale().value_or(1.0f));
  context_.write(scales_, scales);
}

double Session::fp8_share() const noexcept {
  double all = 0, low = 0;
  for (std::size_t layer = 0; layer < formats_.size(); ++layer) {
    if (!is_free(layer)) continue;
    const double work = resolution_.layers[layer].work;
    all += 3 * work;
    low += work * ((is_fp8(formats_[layer][0]) ? 1 : 0) + (is_fp8(formats_[layer][1]) ? 2 : 0));
  }
  return all > 0 ? low / all : 0;
}

}  // namespace athanor::precision
