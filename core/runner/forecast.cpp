#include "core/runner/forecast.h"

#include "core/observe/process.h"
#include "core/runner/dry_run.h"
#include "core/runner/encoder.h"
#include "core/runner/facts.h"
#include "core/runner/gpus.h"
#include "core/runner/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;

constexpr double kMeasureBudget_s = 1.2;
constexpr std::int64_t kFresh_s = 15;
constexpr double kMebibyte = 1024.0 * 1024.0;
// A program that was never measured: the libraries it maps and what they keep for themselves.
constexpr double kUsualProgramBytes = 100 * kMebibyte;
constexpr double kUsualStart_s = 0.5;
constexpr double kUsualCheckpointBytesPerSecond = 150 * kMebibyte;
constexpr double kUsualCheckpoint_s = 0.02;
constexpr std::int64_t kQueuedBatches = 6;  // waiting, in the making, and in use

std::int64_t data_bytes(const SoundRecipe& sound) {
  std::int64_t stored = 0;
  std::error_code code;
  for (const char* name : {"pictures.bin", "index.json", "concepts.jsonl"}) {
    const auto size = fs::file_size(sound.data.dataset->folder() / name, code);
    if (!code) stored += static_cast<std::int64_t>(size);
  }
  const recipe::Recipe& recipe = sound.recipe;
  const std::int64_t drawing = std::int64_t{data::kStoredPixels} * data::kStoredPixels * 4;
  const std::int64_t px = recipe.integer("data.image_px");
  const std::int64_t batch =
      recipe.integer("data.batch_size") * (px * px * 3 + recipe.integer("data.max_tokens") + 3) * 4;
  return stored + sound.data.train_pictures * drawing + kQueuedBatches * batch;
}

double seconds_of(const std::map<std::string, OpCount>& counts, const OpRates& rates, double& unknown_flops) {
  double sum = 0;
  for (const auto& [op, count] : counts) {
    if (const auto rate = rates.seconds_per_flop.find(op); rate != rates.seconds_per_flop.end()) {
      sum += count.flops * rate->second;
    } else if (const auto each = rates.seconds_per_launch.find(op); each != rates.seconds_per_launch.end()) {
      sum += static_cast<double>(count.launches) * each->second;
    } else {
      unknown_flops += count.flops;
    }
  }
  return sum * rates.overhead;
}

ShapeTimes scaled(const OpRates& rates, const DryRun& dry, std::int64_t test_pictures) {
  ShapeTimes out;
  double unknown = 0;
  out.step_s = seconds_of(dry.step, rates, unknown);
  // An operation that was never met is taken to be as quick as the average of those that were.
  if (const double known = dry.step_flops() - unknown; unknown > 0 && known > 0) out.step_s *= 1 + unknown / known;
  out.evaluate_s_per_picture =
      seconds_of(dry.evaluate, rates, unknown) / static_cast<double>(std::max<std::int64_t>(test_pictures, 1));
  out.start_s = rates.start_s;
  out.program_bytes = rates.program_bytes;
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

Timing time_of(const SoundRecipe& sound, Effort effort, const DryRun& dry, std::int64_t accounted_bytes) {
  const std::string machine = machine_key(sound.recipe);
  const std::string shape = shape_key(sound.recipe);
  MachineCalibration known = load_calibration(machine);
  const auto found = known.shapes.find(shape);
  const bool measured_before = found != known.shapes.end();
  const std::int64_t now = std::time(nullptr);
  if (measured_before && (effort == Effort::quick || now - found->second.measured_at <= kFresh_s)) {
    return {found->second, "Time: as measured on this machine with this model and batch."};
  }
  if (effort == Effort::quick && known.rates) {
    return {scaled(*known.rates, dry, sound.data.test_pictures),
            "Time: scaled from this machine's speed at other shapes; a thorough plan measures this one."};
  }
  Measured measured = measure(sound, kMeasureBudget_s);
  const auto peak = static_cast<double>(observe::memory_use().peak_resident_bytes);
  measured.times.program_bytes = std::max(0.0, peak - static_cast<double>(accounted_bytes));
  measured.rates.program_bytes = measured.times.program_bytes;
  measured.times.measured_at = now;
  if (measured_before) {  // what a whole run has told is better than what a few steps can
    measured.times.start_s = found->second.start_s;
    measured.times.checkpoint_s = found->second.checkpoint_s;
    measured.times.program_bytes = found->second.program_bytes;
  }
  known.shapes[shape] = measured.times;
  known.rates = measured.rates;
  store_calibration(machine, known);
  return {measured.times, "Time: measured just now with a few real steps."};
}

recipe::Prediction describe(const SoundRecipe& sound, const DryRun& dry) {
  constexpr double kMillion = 1e6;
  recipe::Prediction out;
  out.model = fmt::format("{}: image {:.2f} M, text {:.2f} M", sound.recipe.text("model.family"),
                          static_cast<double>(dry.image_parameters) / kMillion,
                          static_cast<double>(dry.text_parameters) / kMillion);
  out.parameters = dry.parameters;
  out.trainable = dry.trainable;
  for (const nn::PartSummary& part : dry.parts) {
    out.treatment.push_back({part.path, nn::to_string(part.learning), part.arrays, part.numel});
  }
  out.device = describe_device(sound.recipe);
  const bool on_gpu = resolve_device(sound.recipe).kind == DeviceKind::cuda;
  out.device_memory_bytes = on_gpu ? gpus().front().memory_bytes : observe::machine().memory_bytes;
  out.flops_per_step = dry.step_flops();
  out.steps = sound.recipe.integer("train.steps");
  // The weights, and two numbers of the optimizer for each that learns.
  out.checkpoint_bytes = (dry.parameters + 2 * dry.trainable) * static_cast<std::int64_t>(sizeof(float));
  return out;
}

// On a CPU everything the process holds; on a GPU what lies in the device's memory.
void fill_memory(recipe::Prediction& out, const DryRun& dry, Device device, std::int64_t data, double program) {
  for (int tag = 0; tag < kMemoryTagCount; ++tag) {
    const auto bytes = static_cast<std::int64_t>(dry.memory.by_tag_at_peak[static_cast<std::size_t>(tag)]);
    out.memory.push_back({to_string(static_cast<MemoryTag>(tag)), bytes});
  }
  const bool on_host = device.kind == DeviceKind::cpu;
  for (recipe::MemoryShare& share : out.memory) {
    // What the allocator keeps for reuse was and will be activations.
    if (share.owner == "activations") {
      share.bytes += static_cast<std::int64_t>(dry.memory.peak_reserved_bytes - dry.memory.peak_bytes);
    }
    if (share.owner == "data" && on_host) share.bytes += data;
  }
  if (on_host) {
    out.memory.push_back({"checkpoint", out.checkpoint_bytes});  // the copy that is being written
    out.memory.push_back({"program", static_cast<std::int64_t>(program)});
  }
  out.peak_memory_bytes = 0;
  for (const recipe::MemoryShare& share : out.memory) out.peak_memory_bytes += share.bytes;
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
                          static_cast<double>(checkpoints(plan, done)) * times.checkpoint_s;
}

}  // namespace

Forecast forecast(const SoundRecipe& sound, Effort effort, std::int64_t done) {
  const auto begin = std::chrono::steady_clock::now();
  const DryRun dry =
      dry_run(sound.recipe, {vocabulary_of(sound.recipe, *sound.data.dataset), sound.data.test_pictures});
  const std::int64_t data = data_bytes(sound);

  Forecast out;
  out.prediction = describe(sound, dry);
  out.accounted_bytes =
      static_cast<std::int64_t>(dry.memory.peak_reserved_bytes) + data + out.prediction.checkpoint_bytes;
  // A measurement writes no checkpoint.
  Timing timing = time_of(sound, effort, dry, out.accounted_bytes - out.prediction.checkpoint_bytes);
  out.times = timing.times;
  const double program = out.times.program_bytes > 0 ? out.times.program_bytes : kUsualProgramBytes;
  fill_memory(out.prediction, dry, resolve_device(sound.recipe), data, program);
  out.spent_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  // A run measures before it starts, even where this forecast did not have to.
  fill_time(out.prediction, sound, out.times, done, std::max(out.spent_s, kMeasureBudget_s));
  out.prediction.notes.push_back(std::move(timing.note));
  out.prediction.notes.emplace_back("Memory: counted by a rehearsal of this recipe without arithmetic.");
  if (dry.pretrained) {
    out.prediction.notes.push_back(describe(*dry.pretrained, sound.recipe.text("finetune.weights")));
  }
  if (std::string note = treatment_note(out.prediction); !note.empty()) out.prediction.notes.push_back(std::move(note));
  if (out.prediction.peak_memory_bytes > out.prediction.device_memory_bytes) {
    out.prediction.notes.emplace_back(
        "This does not fit into the machine's memory: lower data.batch_size or the model's widths.");
  }
  return out;
}

}  // namespace athanor::runner
