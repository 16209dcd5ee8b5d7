#include "core/forecast/ranks.h"

#include "core/assembly/assembly.h"
#include "core/assembly/stages.h"
#include "core/parallel/simulate.h"
#include "core/recipe/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;

// A program that was never measured: the libraries it maps and what they keep for themselves.
constexpr double kUsualProgramBytes = 100 * 1024.0 * 1024.0;
constexpr std::int64_t kQueuedBatches = 6;  // waiting, in the making, and in use

// On a CPU everything the process holds; on a GPU what lies in the device's memory.
std::vector<recipe::MemoryShare> memory_of(const DryRun& dry, const RankSetting& setting, bool is_first) {
  std::vector<recipe::MemoryShare> out;
  const bool on_host = resolve_device(setting.recipe).kind == DeviceKind::cpu;
  for (int tag = 0; tag < kMemoryTagCount; ++tag) {
    auto bytes = static_cast<std::int64_t>(dry.memory.by_tag_at_peak[static_cast<std::size_t>(tag)]);
    const std::string owner = to_string(static_cast<MemoryTag>(tag));
    // What the allocator keeps for reuse was and will be activations.
    if (owner == "activations")
      bytes += static_cast<std::int64_t>(dry.memory.peak_reserved_bytes - dry.memory.peak_bytes);
    if (owner == "data" && on_host) bytes += setting.data_bytes;
    out.push_back({owner, bytes});
  }
  if (!on_host) return out;
  if (dry.exchange_bytes > 0) out.push_back({"exchange", dry.exchange_bytes});
  out.push_back({"checkpoint", is_first ? setting.copy_bytes : 0});
  out.push_back(
      {"program", static_cast<std::int64_t>(setting.program_bytes > 0 ? setting.program_bytes : kUsualProgramBytes)});
  return out;
}

std::int64_t sum_of(const std::vector<recipe::MemoryShare>& memory) {
  std::int64_t sum = 0;
  for (const recipe::MemoryShare& share : memory) sum += share.bytes;
  return sum;
}

std::int64_t bytes_of(const comm::Traffic& traffic) { return traffic.payload_bytes + traffic.overhead_bytes; }

// Replicas of the same stage do alike, but the first rank of all, which may evaluate and writes checkpoints; what they
// send may differ by where pieces end.
struct Alike {
  int first = 0, count = 1;
};
std::vector<Alike> alike_in(const parallel::Mesh& mesh) {
  std::vector<Alike> out;
  for (int stage = 0; stage < mesh.pipeline; ++stage) {
    const int first = parallel::rank_of(mesh, {.pipeline = stage});
    const int replicas = mesh.data * mesh.tensor;
    out.push_back({first, 1});
    if (replicas > 2) out.push_back({first + 1, replicas - 2});
    if (replicas > 1) out.push_back({first + replicas - 1, 1});
  }
  return out;
}

}  // namespace

DrySizes dry_sizes(const SoundRecipe& sound) {
  return {vocabulary_of(sound.recipe, *sound.data.dataset), sound.data.test_pictures};
}

std::int64_t data_bytes(const SoundRecipe& sound, const recipe::Recipe& recipe) {
  std::int64_t stored = 0;
  std::error_code code;
  for (const char* name : {"pictures.bin", "index.json", "concepts.jsonl"}) {
    const auto size = fs::file_size(sound.data.dataset->folder() / name, code);
    if (!code) stored += static_cast<std::int64_t>(size);
  }
  const std::int64_t drawing = std::int64_t{data::kStoredPixels} * data::kStoredPixels * 4;
  const std::int64_t px = recipe.integer("data.image_px");
  const std::int64_t rows = recipe.integer("data.batch_size") / mesh_of(recipe).data;
  const std::int64_t batch = rows * (px * px * 3 + recipe.integer("data.max_tokens") + 3) * 4;
  return stored + sound.data.train_pictures * drawing + kQueuedBatches * batch;
}

void fill_ranks(recipe::Prediction& out, const DryRun& first, const RankSetting& setting,
                const std::function<void(const DryRun& dry, int count)>& see) {
  out.schedule = predict_schedule(setting.recipe, setting.sizes.vocabulary);
  for (const Alike& alike : alike_in(mesh_of(setting.recipe))) {
    const DryRun dry = alike.first == 0 ? first : dry_run(setting.recipe, setting.sizes, alike.first);
    out.flops_per_step += alike.count * dry.step_flops();
    if (see) see(dry, alike.count);
    std::vector<recipe::MemoryShare> memory = memory_of(dry, setting, alike.first == 0);
    recipe::RankNeed need;
    need.ranks = alike.count == 1 ? fmt::format("{}", alike.first)
                                  : fmt::format("{}-{}", alike.first, alike.first + alike.count - 1);
    need.count = alike.count;
    need.peak_memory_bytes = sum_of(memory);
    std::vector<recipe::AxisTraffic> wire;
    for (const AxisCost& cost : dry.axes) {
      wire.push_back({to_string(cost.axis), bytes_of(cost.sent), cost.sent.messages});
      need.bytes_on_wire_per_step += wire.back().bytes;
    }
    if (out.ranks.empty() || need.peak_memory_bytes > out.peak_memory_bytes) {
      out.peak_memory_bytes = need.peak_memory_bytes;
      out.memory = std::move(memory);
    }
    if (need.bytes_on_wire_per_step > out.bytes_on_wire_per_step) {
      out.bytes_on_wire_per_step = need.bytes_on_wire_per_step;
      out.wire = std::move(wire);
    }
    out.ranks.push_back(std::move(need));
  }
}

std::int64_t least_memory(const RankSetting& setting) {
  if (resolve_device(setting.recipe).kind != DeviceKind::cpu) return 0;
  return setting.data_bytes +
         static_cast<std::int64_t>(setting.program_bytes > 0 ? setting.program_bytes : kUsualProgramBytes);
}

std::int64_t memory_of_all(const recipe::Prediction& prediction) {
  std::int64_t sum = 0;
  for (const recipe::RankNeed& need : prediction.ranks) sum += need.count * need.peak_memory_bytes;
  return sum;
}

recipe::SchedulePrediction predict_schedule(const recipe::Recipe& recipe, std::int64_t vocabulary) {
  const parallel::Layout layout = recipe::layout_of(recipe);
  recipe::SchedulePrediction out{layout.schedule, static_cast<int>(layout.pipeline),
                                 static_cast<int>(layout.micro_batches / layout.data), 0};
  if (layout.pipeline == 1) return out;
  const Stages stages = cut_into_stages(recipe, vocabulary);
  const std::vector<std::size_t>& begins = stages.plan.begins;
  parallel::CostModel costs;
  for (std::size_t stage = 0; stage < begins.size(); ++stage) {
    const auto end = stage + 1 < begins.size() ? begins[stage + 1] : stages.flops.size();
    const double flops = std::accumulate(stages.flops.begin() + static_cast<std::ptrdiff_t>(begins[stage]),
                                         stages.flops.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
    costs.stages.push_back({.forward = flops, .input_gradient = flops, .weight_gradient = flops});
  }
  out.stages = stages.plan.schedule.stage_count();
  const auto timed = parallel::simulate(stages.plan.schedule, costs);
  if (timed) out.bubble = 1 - timed->efficiency;
  return out;
}

}  // namespace athanor::runner
