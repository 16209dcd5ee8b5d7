#include "core/forecast/forecast.h"

#include "core/assembly/assembly.h"
#include "core/assembly/encoder.h"
#include "core/assembly/formats.h"
#include "core/assembly/gpus.h"
#include "core/forecast/dry_run.h"
#include "core/forecast/facts.h"
#include "core/forecast/measure.h"
#include "core/observe/process.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;

constexpr double kMeasureBudget_s = 1.2;
constexpr double kQuickBudget_s = 0.6;
// Sizes that differ by less than a factor of four have much the same rate.
constexpr int kNearClasses = 1;
constexpr double kComparableShare = 0.9;
// What a quick plan waits for, guessed from much smaller shapes: that guess is several times too long.
constexpr double kWorthMeasuring_s = 20;
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
  const std::int64_t rows = recipe.integer("data.batch_size") / mesh_of(recipe).data;
  const std::int64_t batch = rows * (px * px * 3 + recipe.integer("data.max_tokens") + 3) * 4;
  return stored + sound.data.train_pictures * drawing + kQueuedBatches * batch;
}

// The value kept for the size nearest to `size`; null for an empty table.
const std::pair<const int, double>* nearest(const std::map<int, double>& by_class, int size) {
  const auto closer = [size](const auto& a, const auto& b) {
    return std::abs(a.first - size) < std::abs(b.first - size);
  };
  const auto found = std::ranges::min_element(by_class, closer);
  return found == by_class.end() ? nullptr : &*found;
}

struct Estimate {
  double seconds = 0;
  double flops = 0;        // in all
  double near_flops = 0;   // of those: at sizes that were met, or nearly
  double known_flops = 0;  // of those: of kernels that were met at all
};

Estimate estimate(const OpCounts& counts, const OpRates& rates) {
  Estimate out;
  for (const auto& [op, by_class] : counts) {
    const auto rate = rates.seconds_per_flop.find(op);
    const auto each = rates.seconds_per_launch.find(op);
    for (const auto& [size, count] : by_class) {
      out.flops += count.flops;
      if (rate != rates.seconds_per_flop.end() && count.flops > 0) {
        const auto* known = nearest(rate->second, size);
        out.seconds += count.flops * known->second;
        out.known_flops += count.flops;
        if (std::abs(known->first - size) <= kNearClasses) out.near_flops += count.flops;
      } else if (each != rates.seconds_per_launch.end()) {
        out.seconds += static_cast<double>(count.launches) * each->second;
      }
    }
  }
  // An operation that was never met is taken to be as quick as the average of those that were.
  if (out.known_flops > 0) out.seconds *= out.flops / out.known_flops;
  return out;
}

struct Scaled {
  ShapeTimes times;
  bool comparable = false;  // something of this size was measured here
  double evaluate_s = 0;
};

Scaled scaled(const OpRates& rates, const DryRun& dry, std::int64_t test_pictures) {
  const Estimate step = estimate(dry.step, rates);
  const Estimate evaluate = estimate(dry.evaluate, rates);
  const auto* overhead = nearest(rates.overhead, size_class(step.flops));
  const double factor = overhead != nullptr ? overhead->second : 1;
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

Timing measured_now(const SoundRecipe& sound, Effort effort, std::int64_t accounted_bytes, MachineCalibration known,
                    comm::Group* group) {
  const std::string shape = shape_key(sound.recipe);
  Measured measured = measure(sound, effort == Effort::quick ? kQuickBudget_s : kMeasureBudget_s, group);
  const auto peak = static_cast<double>(observe::memory_use().peak_resident_bytes);
  measured.times.program_bytes = std::max(0.0, peak - static_cast<double>(accounted_bytes));
  measured.rates.program_bytes = measured.times.program_bytes;
  measured.times.measured_at = std::time(nullptr);
  if (const auto found = known.shapes.find(shape); found != known.shapes.end()) {
    // What a whole run has told is better than what a few steps can.
    measured.times.start_s = found->second.start_s;
    measured.times.checkpoint_s = found->second.checkpoint_s;
    measured.times.program_bytes = found->second.program_bytes;
  }
  known.shapes[shape] = measured.times;
  if (!known.rates) known.rates.emplace();
  if (!group) learn(*known.rates, measured.rates);  // ranks that share cores say nothing of one that has them alone
  store_calibration(machine_key(sound.recipe), known);
  return {measured.times, "Measured just now with a few real steps."};
}

Timing time_of(const SoundRecipe& sound, Effort effort, const DryRun& dry, std::int64_t accounted_bytes,
               comm::Group* group) {
  MachineCalibration known = load_calibration(machine_key(sound.recipe));
  const auto found = known.shapes.find(shape_key(sound.recipe));
  if (found != known.shapes.end() &&
      (effort == Effort::quick || std::time(nullptr) - found->second.measured_at <= kFresh_s)) {
    if (group) (void)agree_to_measure(*group, false);
    return {found->second, "As measured on this machine with this model and batch."};
  }
  if (effort == Effort::quick && known.rates) {
    const Scaled guess = scaled(*known.rates, dry, sound.data.test_pictures);
    if (guess.comparable) {
      return {guess.times, "Scaled from shapes like this one on this machine; a thorough plan measures it."};
    }
    if (2 * guess.times.step_s + guess.evaluate_s > kWorthMeasuring_s) {
      return {guess.times, "Scaled from much smaller shapes, so probably too long; a thorough plan measures this one."};
    }
  }
  if (group) (void)agree_to_measure(*group, true);
  return measured_now(sound, effort, accounted_bytes, std::move(known), group);
}

// "980", "5.4 K", "1.25 M": three digits that matter.
std::string count_text(std::int64_t count) {
  constexpr std::array<const char*, 4> kUnits{"", " K", " M", " G"};
  auto size = static_cast<double>(count);
  std::size_t unit = 0;
  for (; size >= 999.5 && unit + 1 < kUnits.size(); ++unit) size /= 1000;
  return fmt::format("{:.3g}{}", size, kUnits[unit]);
}

// What one rank sends in a step: its part of the sums of gradients, and what the criterion needs of its rows.
std::int64_t bytes_on_wire(const recipe::Recipe& recipe, std::int64_t trainable) {
  const std::int64_t ranks = mesh_of(recipe).data;
  const std::int64_t rows = recipe.integer("data.batch_size") / ranks;
  const auto number = static_cast<std::int64_t>(sizeof(float));
  const std::int64_t features = rows * (2 * recipe.integer("model.embedding_dim") + 1) * number;
  // Sums of gradients come back in the format they went in; parameters that one replica moved, in full.
  const std::int64_t there = comm::wire_bytes(gradient_format(recipe), trainable) / ranks;
  const bool is_shared = shard_of(recipe) != parallel::Shard::none;
  const std::int64_t moved = is_shared ? trainable * number / ranks : 0;
  const std::int64_t back = is_shared && gradient_format(recipe) == comm::WireFormat::f32 ? 0 : there;
  return (ranks - 1) * (there + back + moved + features);
}

recipe::Prediction describe(const SoundRecipe& sound, const DryRun& dry, std::int64_t done) {
  recipe::Prediction out;
  out.model = fmt::format("{}: image {}, text {}", sound.recipe.text("model.family"), count_text(dry.image_parameters),
                          count_text(dry.text_parameters));
  out.parameters = dry.parameters;
  out.trainable = dry.trainable;
  for (const nn::PartSummary& part : dry.parts) {
    out.treatment.push_back({part.path, nn::to_string(part.learning), part.arrays, part.numel});
  }
  out.device = describe_device(sound.recipe);
  const bool on_gpu = resolve_device(sound.recipe).kind == DeviceKind::cuda;
  out.device_memory_bytes = on_gpu ? gpus().front().memory_bytes : observe::machine().memory_bytes;
  out.flops_per_step = dry.step_flops();
  out.steps = sound.recipe.integer("train.steps") - done;
  out.bytes_on_wire_per_step = bytes_on_wire(sound.recipe, dry.trainable);
  // The weights, and two numbers of the optimizer for each that learns.
  out.checkpoint_bytes = (dry.parameters + 2 * dry.trainable) * static_cast<std::int64_t>(sizeof(float));
  return out;
}

// Which formats, in how many bytes each parameter is held, and what is not done as asked.
std::vector<std::string> precision_notes(const DryRun& dry) {
  std::vector<std::string> notes;
  notes.push_back(
      fmt::format("Number formats: {}; {:.1f} bytes per parameter that learns, with its gradient and the optimizer's.",
                  dry.precision.summary(), dry.bytes_per_parameter));
  for (const journal::PrecisionDecision& decision : decisions(dry.precision, 0))
    if (!decision.reason.empty())
      notes.push_back(fmt::format("{} instead of {}: {}.", decision.actual, decision.requested, decision.reason));
  return notes;
}

// How often a run writes a checkpoint; a fork keeps what it begins with.
std::int64_t saves(const SoundRecipe& sound, std::int64_t done) {
  return checkpoints(train_plan(sound.recipe), done) + (sound.fork ? 1 : 0);
}

// The copies that are being written, of what one rank writes; from the second checkpoint on there are two.
std::int64_t copy_bytes(const SoundRecipe& sound, std::int64_t done, std::int64_t checkpoint_bytes) {
  const parallel::Mesh mesh = mesh_of(sound.recipe);
  const int sharing = mesh.pipeline * (shard_of(sound.recipe) == parallel::Shard::none ? 1 : mesh.data);
  return std::min<std::int64_t>(saves(sound, done), 2) * checkpoint_bytes / sharing;
}

// On a CPU everything the process holds; on a GPU what lies in the device's memory.
void fill_memory(recipe::Prediction& out, const DryRun& dry, Device device, std::int64_t data, std::int64_t copies,
                 double program) {
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
    out.memory.push_back({"checkpoint", copies});
    out.memory.push_back({"program", static_cast<std::int64_t>(program)});
  }
  out.peak_memory_bytes = 0;
  for (const recipe::MemoryShare& share : out.memory) out.peak_memory_bytes += share.bytes;
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
  const auto begin = std::chrono::steady_clock::now();
  const DryRun dry =
      dry_run(sound.recipe, {vocabulary_of(sound.recipe, *sound.data.dataset), sound.data.test_pictures});
  const std::int64_t data = data_bytes(sound);

  Forecast out;
  out.prediction = describe(sound, dry, done);
  const std::int64_t copies = copy_bytes(sound, done, out.prediction.checkpoint_bytes);
  out.accounted_bytes = static_cast<std::int64_t>(dry.memory.peak_reserved_bytes) + data + copies;
  // A measurement writes no checkpoint.
  Timing timing = time_of(sound, effort, dry, out.accounted_bytes - copies, group);
  out.times = timing.times;
  const double program = out.times.program_bytes > 0 ? out.times.program_bytes : kUsualProgramBytes;
  fill_memory(out.prediction, dry, resolve_device(sound.recipe), data, copies, program);
  out.spent_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  // A run measures before it starts, even where this forecast did not have to.
  fill_time(out.prediction, sound, out.times, done, std::max(out.spent_s, kMeasureBudget_s));
  add_note(out.prediction, recipe::Topic::time, timing.note.c_str());
  for (const std::string& note : precision_notes(dry)) add_note(out.prediction, recipe::Topic::general, note.c_str());
  add_note(out.prediction, recipe::Topic::memory, "Counted by a rehearsal of this recipe without arithmetic.");
  if (dry.pretrained) {
    const std::string note = describe(*dry.pretrained, sound.recipe.text("finetune.weights"));
    add_note(out.prediction, recipe::Topic::general, note.c_str());
  }
  if (const std::string note = treatment_note(out.prediction); !note.empty())
    add_note(out.prediction, recipe::Topic::general, note.c_str());
  const int ranks = parallel::world_size(mesh_of(sound.recipe));
  if (ranks > 1)
    add_note(out.prediction, recipe::Topic::memory, fmt::format("Of one of {} ranks, which share it.", ranks).c_str());
  if (const parallel::Shard shard = shard_of(sound.recipe);
      mesh_of(sound.recipe).data > 1 && shard != parallel::Shard::none)
    add_note(out.prediction, recipe::Topic::memory,
             fmt::format("A replica holds 1/{} of the optimizer's state{}.", mesh_of(sound.recipe).data,
                         shard == parallel::Shard::optimizer ? "" : " and, once they are summed, of the gradients")
                 .c_str());
  if (ranks * out.prediction.peak_memory_bytes > out.prediction.device_memory_bytes) {
    add_note(out.prediction, recipe::Topic::general,
             "This does not fit into the machine's memory: lower data.batch_size or the model's widths.");
  }
  return out;
}

}  // namespace athanor::runner
