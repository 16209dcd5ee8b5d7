#include "core/forecast/ranks.h"

#include "core/assembly/assembly.h"
#include "core/data/captions.h"
#include "core/forecast/facts.h"
#include "core/parallel/simulate.h"
#include "core/recipe/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <tuple>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;

// A program that was never measured: the libraries it maps and what they keep for themselves.
constexpr double kUsualProgramBytes = 100 * 1024.0 * 1024.0;
constexpr std::int64_t kQueuedBatches = 6;  // waiting, in the making, and in use

bool on_host(const recipe::Recipe& recipe) { return resolve_device(recipe).kind == DeviceKind::cpu; }

std::int64_t program_bytes(const RankSetting& setting) {
  return static_cast<std::int64_t>(setting.program_bytes > 0 ? setting.program_bytes : kUsualProgramBytes);
}

// On a CPU everything the process holds; on a GPU what lies in the device's memory.
std::vector<recipe::MemoryShare> memory_of(const DryRun& dry, const RankSetting& setting, bool is_on_host) {
  std::vector<recipe::MemoryShare> out;
  for (int tag = 0; tag < kMemoryTagCount; ++tag) {
    auto bytes = static_cast<std::int64_t>(dry.memory.by_tag_at_peak[static_cast<std::size_t>(tag)]);
    const std::string owner = to_string(static_cast<MemoryTag>(tag));
    // What the allocator keeps for reuse was and will be activations.
    if (owner == "activations")
      bytes += static_cast<std::int64_t>(dry.memory.peak_reserved_bytes - dry.memory.peak_bytes);
    if (owner == "data" && is_on_host) bytes += setting.data_bytes;
    out.push_back({owner, bytes});
  }
  if (!is_on_host) return out;
  if (dry.exchange_bytes > 0) out.push_back({"exchange", dry.exchange_bytes});
  out.push_back({"checkpoint", copied_bytes(dry, setting)});
  out.push_back({"program", program_bytes(setting)});
  return out;
}

std::int64_t sum_of(const std::vector<recipe::MemoryShare>& memory) {
  std::int64_t sum = 0;
  for (const recipe::MemoryShare& share : memory) sum += share.bytes;
  return sum;
}

std::int64_t bytes_of(const comm::Traffic& traffic) { return traffic.payload_bytes + traffic.overhead_bytes; }

// Shares of fewer replicas are told apart; of more, a unit of a share is little beside it.
constexpr int kDifferentShares = 8;

// Along an axis the first and the last have pieces of their own size, and those between are alike. Of several stages
// each is another, and of a few replicas that share their state or have texts of other lengths.
using Place = std::tuple<int, int, int>;
int place_along(int index, int count) { return index == 0 ? 0 : index + 1 < count ? 1 : 2; }
Place place_of(const recipe::Recipe& recipe, int rank) {
  const parallel::Mesh mesh = mesh_of(recipe);
  const parallel::Coordinates at = parallel::coordinates_of(mesh, rank);
  const bool differ = shard_of(recipe) != parallel::Shard::none || recipe.boolean("data.group_by_length");
  const bool each = differ && mesh.data <= kDifferentShares;
  return {at.pipeline, each ? at.data : place_along(at.data, mesh.data), place_along(at.tensor, mesh.tensor)};
}

// "0", "1-3", "1, 3-4"
std::string names_of(std::vector<int> ranks) {
  std::ranges::sort(ranks);
  std::string out;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const std::size_t first = i;
    while (i + 1 < ranks.size() && ranks[i + 1] == ranks[i] + 1) ++i;
    out += fmt::format("{}{}", out.empty() ? "" : ", ", ranks[first]);
    if (i > first) out += fmt::format("-{}", ranks[i]);
  }
  return out;
}

// Ranks whose needs are the same are told of in one.
struct Row {
  std::vector<int> ranks;
  std::int64_t memory_bytes = 0, wire_bytes = 0;
};
void add_row(std::vector<Row>& rows, const Row& row) {
  const auto same = std::ranges::find_if(
      rows, [&](const Row& one) { return one.memory_bytes == row.memory_bytes && one.wire_bytes == row.wire_bytes; });
  if (same == rows.end()) {
    rows.push_back(row);
  } else {
    same->ranks.insert(same->ranks.end(), row.ranks.begin(), row.ranks.end());
  }
}

}  // namespace

DrySizes dry_sizes(const SoundRecipe& sound) {
  DrySizes out{vocabulary_of(sound.recipe, *sound.data.dataset), sound.data.test_pictures};
  if (sound.recipe.boolean("data.group_by_length")) {
    const data::LoaderOptions options = loader_options(sound.recipe);
    out.text_lengths = value_or_throw(data::text_lengths(*sound.data.dataset, options));
    out.row_cost = options.row_cost;
  }
  return out;
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

std::int64_t saves(const SoundRecipe& sound, std::int64_t done) {
  return checkpoints(train_plan(sound.recipe), done) + (sound.fork ? 1 : 0);
}

RankSetting setting_of_run(const SoundRecipe& sound, const recipe::Recipe& recipe, std::int64_t done) {
  // From the second checkpoint on there are two copies.
  return {.data_bytes = data_bytes(sound, recipe),
          .copies = std::min<std::int64_t>(saves(sound, done), 2),
          .keeps_state = true};
}

std::int64_t copied_bytes(const DryRun& dry, const RankSetting& setting) {
  return setting.copies * dry.checkpoint_bytes + (setting.keeps_state ? dry.kept_bytes : 0);
}

void fill_ranks(recipe::Prediction& out, const DryWorld& world, const DryRun& first, const RankSetting& setting,
                const std::function<void(const DryRun& dry, int count)>& see) {
  out.schedule = predict_schedule(world);
  const parallel::Mesh mesh = mesh_of(world.recipe);
  const bool is_on_host = on_host(world.recipe);
  std::map<Place, std::vector<int>> alike;
  for (int rank = 0; rank < parallel::world_size(mesh); ++rank) alike[place_of(world.recipe, rank)].push_back(rank);
  out.checkpoint_bytes = 0;
  std::vector<Row> rows;
  for (const auto& [place, ranks] : alike) {
    const DryRun dry = ranks.front() == 0 ? first : dry_run(world, ranks.front());
    const int count = static_cast<int>(ranks.size());
    out.flops_per_step += count * dry.step_flops();
    out.checkpoint_bytes += count * dry.checkpoint_bytes;
    if (see) see(dry, count);
    std::vector<recipe::MemoryShare> memory = memory_of(dry, setting, is_on_host);
    std::vector<recipe::AxisTraffic> wire;
    Row row{ranks, sum_of(memory), 0};
    for (const AxisCost& cost : dry.axes) {
      wire.push_back({to_string(cost.axis), bytes_of(cost.sent), cost.sent.messages});
      row.wire_bytes += wire.back().bytes;
    }
    if (rows.empty() || row.memory_bytes > out.peak_memory_bytes) {
      out.peak_memory_bytes = row.memory_bytes;
      out.memory = std::move(memory);
    }
    if (row.wire_bytes > out.bytes_on_wire_per_step) {
      out.bytes_on_wire_per_step = row.wire_bytes;
      out.wire = std::move(wire);
    }
    add_row(rows, row);
  }
  for (const Row& row : rows)
    out.ranks.push_back({names_of(row.ranks), static_cast<int>(row.ranks.size()), row.memory_bytes, row.wire_bytes});
}

std::int64_t least_memory(const recipe::Recipe& recipe, const RankSetting& setting) {
  return on_host(recipe) ? setting.data_bytes + program_bytes(setting) : 0;
}

std::int64_t memory_of_all(const recipe::Prediction& prediction) {
  std::int64_t sum = 0;
  for (const recipe::RankNeed& need : prediction.ranks) sum += need.count * need.peak_memory_bytes;
  return sum;
}

namespace {

constexpr std::size_t kMostBars = 4096;

std::vector<recipe::ScheduleBar> bars_of(const parallel::Simulation& timed) {
  std::vector<recipe::ScheduleBar> bars;
  for (const parallel::TimelineSpan& span : timed.timeline) {
    if (span.lane != parallel::Lane::compute || !parallel::is_compute(span.op.kind) || span.end <= span.begin) continue;
    if (bars.size() == kMostBars) return {};
    bars.push_back({span.rank, *parallel::to_string(span.op.kind), span.op.stage, span.op.micro_batch,
                    span.begin / timed.makespan, span.end / timed.makespan});
  }
  return bars;
}

}  // namespace

recipe::SchedulePrediction predict_schedule(const DryWorld& world) {
  const parallel::Layout layout = recipe::layout_of(world.recipe);
  recipe::SchedulePrediction out{
      layout.schedule, static_cast<int>(layout.pipeline), static_cast<int>(layout.micro_batches / layout.data), 0, {}};
  if (!world.stages) return out;
  const Stages& stages = *world.stages;
  const parallel::CostModel costs = stages.costs();
  out.stages = stages.plan.schedule.stage_count();
  const auto timed = parallel::simulate(stages.plan.schedule, costs);
  if (!timed) return out;
  out.bubble = 1 - timed->efficiency;
  out.bars = bars_of(*timed);
  if (!stages.steps_ahead) return out;
  const auto step = value_or_throw(parallel::simulate_step(stages.plan.schedule, costs));
  out.bubble = 1 - timed->efficiency * timed->makespan / (timed->makespan - (step.waiting - step.ahead));
  return out;
}

}  // namespace athanor::runner
