#include "core/assembly/formats.h"

#include "core/assembly/calibration.h"
#include "core/assembly/gpus.h"
#include "core/assembly/replay.h"
#include "core/optim/optimizer.h"
#include "core/precision/machine_times.h"

#include <fmt/format.h>

#include <algorithm>

namespace athanor::runner {
namespace {

constexpr std::size_t kLayersNamed = 8;

int as_int(const recipe::Recipe& recipe, const char* path) { return static_cast<int>(recipe.integer(path)); }

std::string some_of(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kLayersNamed; ++i) out += (i > 0 ? ", " : "") + names[i];
  return names.size() > kLayersNamed ? fmt::format("{} and {} more", out, names.size() - kLayersNamed) : out;
}

// Measured once and kept, so that runs on one machine decide alike.
precision::TimeProfile machine_times(const recipe::Recipe& recipe, const Context& context) {
  const std::string machine = machine_key(recipe);
  if (auto known = load_calibration(machine).format_times) return *known;
  if (context.dry()) return {};
  Context apart({.device = context.device()});  // whose memory is given back
  MachineCalibration found;
  found.format_times = precision::measure_times(apart, machine);
  store_calibration(machine, found);
  return *found.format_times;
}

}  // namespace

precision::Settings precision_settings(const recipe::Recipe& recipe) {
  precision::Settings out;
  out.policy = *precision::policy_named(recipe.text("precision.policy"));
  out.exact_scales = recipe.boolean("precision.exact_scales");
  out.key_blocks = as_int(recipe, "precision.key_blocks");
  out.loss_scale.start = recipe.real("precision.loss_scale");
  out.loss_scale.growth_interval = as_int(recipe, "precision.loss_scale_growth");
  out.delayed.history = as_int(recipe, "precision.amax_history");
  out.dynamic = {.error_budget = recipe.real("precision.error_budget"),
                 .loss_budget = recipe.real("precision.loss_budget"),
                 .every = as_int(recipe, "precision.decide_every"),
                 .spike = recipe.real("precision.spike"),
                 .high_steps = as_int(recipe, "precision.high_steps")};
  return out;
}

precision::DeviceTraits device_traits(Device device) {
  if (device.kind == DeviceKind::cpu) return {};
  const Gpu gpu = gpus().at(static_cast<std::size_t>(device.index));
  return {.cuda = true, .major = gpu.major, .minor = gpu.minor};
}

std::unique_ptr<precision::Session> make_precision(const recipe::Recipe& recipe, Context& context,
                                                   const nn::ParameterSet& parameters) {
  precision::Settings settings = precision_settings(recipe);
  if (settings.policy == precision::Policy::fp32) return nullptr;
  if (settings.policy == precision::Policy::dynamic && context.device().kind == DeviceKind::cuda)
    settings.dynamic.times = machine_times(recipe, context);
  auto session = std::make_unique<precision::Session>(context, settings, parameters, device_traits(context.device()));
  const bool bf16 = session->resolution().stream == DType::bf16;
  if (recipe.text("precision.master") != "fp32" && bf16) optim::narrow_masters(context, parameters.all());
  const std::string& from = recipe.text("precision.replay");
  if (!from.empty()) session->replay(recorded_changes(value_or_throw(find_run(from))));
  return session;
}

std::vector<journal::PrecisionDecision> decisions(const precision::Resolution& resolution, std::int64_t step) {
  std::vector<journal::PrecisionDecision> out;
  out.push_back({step, precision::to_string(resolution.requested), resolution.summary(), ""});
  std::map<std::string, std::vector<std::string>> layers_by_reason;
  for (const precision::Fallback& fallback : resolution.fallbacks) {
    if (fallback.where == "run")
      out.front().reason = fallback.reason;
    else
      layers_by_reason[fallback.reason].push_back(fallback.where);
  }
  for (const auto& [reason, layers] : layers_by_reason)
    out.push_back({step, fmt::format("{} for {}", precision::to_string(resolution.actual), some_of(layers)),
                   to_string(resolution.stream), reason});
  return out;
}

std::vector<precision::RecordedChange> recorded_changes(const RunDirectory& run) {
  const std::string intention = fmt::format("repeat the decisions of {}", run.folder().string());
  if (!run.has_run())
    throw Failure(ErrorKind::invalid_input, intention, "it has not begun: there is no journal yet",
                  "Name a run that has ended");
  std::vector<precision::RecordedChange> out;
  const Replay replayed = value_or_throw(replay(run.journal(), [&](const journal::Event& event) {
    if (const auto* recovery = std::get_if<journal::Recovery>(&event.payload))
      std::erase_if(out, [&](const precision::RecordedChange& change) { return change.step > recovery->step; });
    if (const auto* change = std::get_if<journal::PrecisionChange>(&event.payload))
      out.push_back(
          {change->step, change->layer, change->pass, change->from, change->to, change->reason, change->statistics});
  }));
  if (!replayed.damage.empty())
    throw Failure(ErrorKind::corrupt, intention,
                  fmt::format("its journal is damaged at byte {}, so that not all of them are known",
                              replayed.damage.front().offset),
                  "Restore the journal from a copy, or name another run");
  if (const std::string policy = value_or_throw(read_recipe(run)).text("precision.policy"); policy != "dynamic")
    throw Failure(ErrorKind::invalid_input, intention, fmt::format("its policy was {}, which makes no choices", policy),
                  "Name a run of the dynamic policy");
  return out;
}

}  // namespace athanor::runner
