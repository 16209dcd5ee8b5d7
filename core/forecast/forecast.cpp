#include "core/forecast/forecast.h"

#include "core/assembly/assembly.h"
#include "core/assembly/encoder.h"
#include "core/assembly/formats.h"
#include "core/forecast/dry_run.h"
#include "core/forecast/estimate.h"
#include "core/forecast/facts.h"
#include "core/forecast/measure.h"
#include "core/forecast/ranks.h"
#include "core/observe/process.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <malloc.h>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;

constexpr double kMeasureBudget_s = 1.2;
constexpr double kQuickBudget_s = 0.6;
// Ranks that a plan measures at once, as threads; of more it measures one alone.
constexpr int kMostTogether = 8;
constexpr double kComparableShare = 0.9;
// What a quick plan waits for, guessed from much smaller shapes: that guess is several times too long.
constexpr double kWorthMeasuring_s = 20;
constexpr std::int64_t kFresh_s = 15;
constexpr double kMebibyte = 1024.0 * 1024.0;
constexpr double kUsualStart_s = 0.5;
constexpr double kUsualCheckpointBytesPerSecond = 150 * kMebibyte;
constexpr double kUsualCheckpoint_s = 0.02;

struct Scaled {
  ShapeTimes times;
  bool comparable = false;  // something of this size was measured here
  double evaluate_s = 0;
};

Scaled scaled(const OpRates& rates, const DryRun& dry, std::int64_t test_pictures) {
  const Estimate step = estimate(dry.step, rates);
  const Estimate evaluate = estimate(dry.evaluate, rates);
  const double factor = overhead(rates, step.flops);
  Scaled out;
  out.comparable = step.near_flops >= kComparableShare * step.flops;
  out.evaluate_s = evaluate.seconds * factor;
  out.times.step_s = step.seconds * factor;
  out.times.evaluate_s_per_picture = out.evaluate_s / static_cast<double>(std::max<std::int64_t>(test_pictures, 1));
  out.times.start_s = rates.start_s;
  out.times.program_bytes = rates.program_bytes;
  return out;
}

// One line for where there is no room for a table; nothing where everything learns.
std::string treatment_note(const recipe::Prediction& prediction) {
  std::string frozen, adapters;
  for (const recipe::ParameterShare& share : prediction.treatment) {
    std::string& list = share.learning == "frozen" ? frozen : adapters;
    if (share.learning == "trained") continue;
    list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", share.path, share.parameters);
  }
  if (frozen.empty() && adapters.empty()) return {};
  return fmt::format("Learning: {} of {} parameters ({:.2f} %); frozen: {}; adapted: {}.", prediction.trainable,
                     prediction.parameters,
                     100.0 * static_cast<double>(prediction.trainable) / static_cast<double>(prediction.parameters),
                     frozen.empty() ? "nothing" : frozen, adapters.empty() ? "nothing" : adapters);
}

struct Timing {
  ShapeTimes times;
  std::string note;
};

// Whether ranks measure together, as the first one says.
bool agree_to_measure(comm::Group& group, bool measures) {
  std::int32_t flag = measures ? 1 : 0;
  group.world().broadcast({&flag, DType::i32, Shape{1}}, 0);
  return flag != 0;
}

// `beside_bytes` are in memory besides what the allocator takes, and the program itself.
Timing measured_now(const SoundRecipe& sound, Effort effort, std::int64_t beside_bytes, MachineCalibration known,
                    comm::Group* group) {
  const std::string shape = shape_key(sound.recipe);
  const double budget_s = effort == Effort::quick ? kQuickBudget_s : kMeasureBudget_s;
  const int ranks = parallel::world_size(mesh_of(sound.recipe));
  const bool together = !group && ranks > 1 && ranks <= kMostTogether;
  Measured measured = together ? measure_together(sound, budget_s) : measure(sound, budget_s, group);
  if (!together) {  // else the process is all of them
    const auto peak = static_cast<double>(observe::memory_use().peak_resident_bytes);
    measured.times.program_bytes = std::max(0.0, peak - static_cast<double>(beside_bytes + measured.reserved_bytes));
    measured.rates.program_bytes = measured.times.program_bytes;
  }
  ::malloc_trim(0);  // the run that follows does not find its memory in pieces
  measured.times.measured_at = std::time(nullptr);
  if (const auto found = known.shapes.find(shape); found != known.shapes.end()) {
    // What a whole run has told is better than what a few steps can.
    measured.times.start_s = found->second.start_s;
    measured.times.checkpoint_s = found->second.checkpoint_s;
    measured.times.program_bytes = found->second.program_bytes;
  }
  known.shapes[shape] = measured.times;
  if (!known.rates) known.rates.emplace();
  // Ranks that share cores say nothing of one that has them alone.
  if (!group && !together) learn(*known.rates, measured.rates);
  store_calibration(machine_key(sound.recipe), known);
  return {measured.times, together ? fmt::format("Measured just now with a few real steps of all {} ranks.", ranks)
                                   : "Measured just now with a few real steps."};
}

Timing time_of(const SoundRecipe& sound, Effort effort, const DryWorld& world, const DryRun& dry,
               std::int64_t beside_bytes, comm::Group* group) {
  MachineCalibration known = load_calibration(machine_key(sound.recipe));
  const auto found = known.shapes.find(shape_key(sound.recipe));
  if (found != known.shapes.end() &&
      (effort == Effort::quick || std::time(nullptr) - found->second.measured_at <= kFresh_s)) {
    if (group) (void)agree_to_measure(*group, false);
    return {found->second, "As measured on this machine with this model and batch."};
  }
  if (effort == Effort::quick && known.rates) {
    Scaled guess = scaled(*known.rates, dry, sound.data.test_pictures);
    guess.times.step_s *= waiting(world.recipe, predict_schedule(world).bubble);
    if (guess.comparable) {
      return {guess.times, "Scaled from shapes like this one on this machine; a thorough plan measures it."};
    }
    if (2 * guess.times.step_s + guess.evaluate_s > kWorthMeasuring_s) {
      return {guess.times, "Scaled from much smaller shapes, so probably too long; a thorough plan measures this one."};
    }
  }
  if (group) (void)agree_to_measure(*group, true);
  return measured_now(sound, effort, beside_bytes, std::move(known), group);
}

// "980", "5.4 K", "1.25 M": three digits that matter.
std::string count_text(std::int64_t count) {
  constexpr std::array<const char*, 4> kUnits{"", " K", " M", " G"};
  auto size = static_cast<double>(count);
  std::size_t unit = 0;
  for (; size >= 999.5 && unit + 1 < kUnits.size(); ++unit) size /= 1000;
  return fmt::format("{:.3g}{}", size, kUnits[unit]);
}

recipe::Prediction describe(const SoundRecipe& sound, const WholeModel& model, std::int64_t done) {
  recipe::Prediction out;
  out.model = fmt::format("{}: image {}, text {}", sound.recipe.text("model.family"),
                          count_text(model.image_parameters), count_text(model.text_parameters));
  out.parameters = model.parameters;
  out.trainable = model.trainable;
  for (const nn::PartSummary& part : model.parts) {
    out.treatment.push_back({part.path, nn::to_string(part.learning), part.arrays, part.numel});
  }
  out.device = describe_device(sound.recipe);
  out.device_memory_bytes = device_memory(sound.recipe);
  out.steps = sound.recipe.integer("train.steps") - done;
  return out;
}

// Which formats, in how many bytes each parameter is held, and what is not done as asked.
std::vector<std::string> precision_notes(const WholeModel& model) {
  std::vector<std::string> notes;
  notes.push_back(
      fmt::format("Number formats: {}; {:.1f} bytes per parameter that learns, with its gradient and the optimizer's.",
                  model.precision.summary(), model.bytes_per_parameter));
  for (const journal::PrecisionDecision& decision : decisions(model.precision, 0))
    if (!decision.reason.empty())
      notes.push_back(fmt::format("{} instead of {}: {}.", decision.actual, decision.requested, decision.reason));
  return notes;
}

void add_note(recipe::Prediction& out, recipe::Topic topic, const char* text) {
  recipe::Note& note = out.notes.emplace_back();
  note.topic = topic;
  note.text = text;
}

void fill_time(recipe::Prediction& out, const SoundRecipe& sound, ShapeTimes& times, std::int64_t done,
               double measuring_s) {
  const train::Plan plan = train_plan(sound.recipe);
  if (times.start_s <= 0) times.start_s = kUsualStart_s;
  if (times.checkpoint_s <= 0) {
    times.checkpoint_s =
        kUsualCheckpoint_s + static_cast<double>(out.checkpoint_bytes) / kUsualCheckpointBytesPerSecond;
  }
  const double evaluate_s = times.evaluate_s_per_picture * static_cast<double>(sound.data.test_pictures);
  out.steps_per_second = times.step_s > 0 ? 1 / times.step_s : 0;
  out.samples_per_second = out.steps_per_second * static_cast<double>(sound.recipe.integer("data.batch_size"));
  out.seconds_to_finish = times.start_s + measuring_s + static_cast<double>(plan.steps - done) * times.step_s +
                          static_cast<double>(evaluations(plan, done)) * evaluate_s +
                          static_cast<double>(saves(sound, done)) * times.checkpoint_s;
}

}  // namespace

void assist_forecast(const SoundRecipe& sound, comm::Group& group) {
  if (agree_to_measure(group, false)) (void)measure(sound, kMeasureBudget_s, &group);
}

Forecast forecast(const SoundRecipe& sound, Effort effort, std::int64_t done, comm::Group* group) {
  const auto begin = Clock::now();
  const DryWorld world = dry_world(sound.recipe, dry_sizes(sound));
  const WholeModel model = whole_model(sound.recipe, world.sizes.vocabulary);
  const DryRun dry = dry_run(world);
  RankSetting setting = setting_of_run(sound, sound.recipe, done);

  Forecast out;
  out.prediction = describe(sound, model, done);
  const std::int64_t copied = copied_bytes(dry, setting);
  out.accounted_bytes = static_cast<std::int64_t>(dry.memory.peak_reserved_bytes) + setting.data_bytes + copied +
                        (resolve_device(sound.recipe).kind == DeviceKind::cpu ? dry.exchange_bytes : 0);
  // A measurement copies nothing of its state.
  const std::int64_t reserved = static_cast<std::int64_t>(dry.memory.peak_reserved_bytes);
  Timing timing = time_of(sound, effort, world, dry, out.accounted_bytes - copied - reserved, group);
  out.times = timing.times;
  setting.program_bytes = out.times.program_bytes;
  fill_ranks(out.prediction, world, dry, setting);
  out.spent_s = seconds_since(begin);
  // A run measures before it starts, even where this forecast did not have to.
  fill_time(out.prediction, sound, out.times, done, std::max(out.spent_s, kMeasureBudget_s));
  add_note(out.prediction, recipe::Topic::time, timing.note.c_str());
  for (const std::string& note : precision_notes(model)) add_note(out.prediction, recipe::Topic::general, note.c_str());
  add_note(out.prediction, recipe::Topic::memory, "Counted by a rehearsal of this recipe without arithmetic.");
  if (model.pretrained) {
    const std::string note = describe(*model.pretrained, sound.recipe.text("finetune.weights"));
    add_note(out.prediction, recipe::Topic::general, note.c_str());
  }
  if (const std::string note = treatment_note(out.prediction); !note.empty())
    add_note(out.prediction, recipe::Topic::general, note.c_str());
  if (out.prediction.ranks.size() > 1)
    add_note(out.prediction, recipe::Topic::memory, "Of the rank that needs most; all of them share it.");
  if (const parallel::Shard shard = shard_of(sound.recipe);
      mesh_of(sound.recipe).data > 1 && shard != parallel::Shard::none)
    add_note(out.prediction, recipe::Topic::memory,
             fmt::format("A replica holds 1/{} of the optimizer's state{}.", mesh_of(sound.recipe).data,
                         shard == parallel::Shard::optimizer   ? ""
                         : shard == parallel::Shard::gradients ? " and, once they are summed, of the gradients"
                                                               : ", of the gradients and of the parameters")
                 .c_str());
  if (memory_of_all(out.prediction) > out.prediction.device_memory_bytes) {
    add_note(out.prediction, recipe::Topic::general,
             "This does not fit into the machine's memory: lower data.batch_size or the model's widths.");
  }
  return out;
}

}  // namespace athanor::runner
