#include "core/ranks/stage_balance.h"

#include "core/base/files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

namespace athanor::runner {
namespace {

using Begins = std::vector<std::size_t>;

std::size_t end_of(const Begins& begins, std::size_t stage, std::size_t layers) {
  return stage + 1 < begins.size() ? begins[stage + 1] : layers;
}

double work_of(const std::vector<double>& layers, const Begins& begins, std::size_t stage) {
  const std::size_t end = end_of(begins, stage, layers.size());
  const std::span<const double> own = std::span(layers).subspan(begins[stage], end - begins[stage]);
  return std::accumulate(own.begin(), own.end(), 0.0);
}

// "5, 3": the layers of each stage.
std::string counts(const Begins& begins, std::size_t layers) {
  std::vector<std::size_t> out;
  for (std::size_t stage = 0; stage < begins.size(); ++stage)
    out.push_back(end_of(begins, stage, layers) - begins[stage]);
  return fmt::format("{}", fmt::join(out, ", "));
}

}  // namespace

std::optional<Recut> plan_cut(const distributed::StagePlan& plan, const LayerWork& work, double step) {
  Begins begins = cut_layers(plan.schedule, work);
  const double now = simulated_time(plan.schedule, plan.begins, work);
  const double gain = (now - simulated_time(plan.schedule, begins, work)) / std::max(step, now);
  if (!(gain > StageBalance::kWorthIt)) return std::nullopt;
  return Recut{std::move(begins), gain};
}

std::vector<double> StageBalance::begin(const parallel::Mesh& mesh, const Stages& stages, const LayerWork* measured) {
  mesh_ = mesh;
  plan_ = stages.plan;
  measured_ = measured ? *measured : LayerWork{};
  return measured ? expected() : std::vector<double>();
}

bool StageBalance::plan(std::int64_t step, const WorkWatch& watch, const std::vector<double>& forward_seconds,
                        comm::Communicator& ranks) {
  std::vector<double> paces = watch.work();
  if (paces.empty()) return false;
  if (measured_.layers.empty()) measure(watch, forward_seconds, ranks);
  if (measured_.layers.empty()) return false;
  const std::vector<double> should = expected();
  for (std::size_t rank = 0; rank < paces.size(); ++rank) paces[rank] /= should[rank];
  measured_.paces = slowest_by_place(paces);
  const auto better = plan_cut(plan_, measured_, watch.step_ns());
  if (!better) return false;
  const std::size_t layers = measured_.layers.size();
  shifted_ = {step, counts(plan_.begins, layers), counts(better->begins, layers), better->gain, true};
  return true;
}

void StageBalance::measure(const WorkWatch& watch, std::vector<double> forward_seconds, comm::Communicator& ranks) {
  const std::size_t layers = forward_seconds.size();
  std::vector<double> all(layers * static_cast<std::size_t>(ranks.size()));
  ranks.all_gather({forward_seconds.data(), DType::f64, Shape{std::ssize(forward_seconds)}},
                   {all.data(), DType::f64, Shape{std::ssize(all)}});
  const std::vector<double> work = watch.work(), slower_by = watch.paces();
  measured_.layers.assign(layers, 0.0);
  for (std::size_t rank = 0; rank < work.size(); ++rank) {
    const std::span<const double> own = std::span(all).subspan(rank * layers, layers);
    const double sum = std::accumulate(own.begin(), own.end(), 0.0);
    if (!(sum > 0)) {
      measured_.layers.clear();  // of some nothing is known yet
      return;
    }
    for (std::size_t layer = 0; layer < layers; ++layer)
      measured_.layers[layer] = std::max(measured_.layers[layer], work[rank] / slower_by[rank] * own[layer] / sum);
  }
}

// Of the ranks with the same place along the pipeline, the most.
std::vector<double> StageBalance::slowest_by_place(std::span<const double> of_ranks) const {
  std::vector<double> out(static_cast<std::size_t>(mesh_.pipeline), 0.0);
  for (std::size_t rank = 0; rank < of_ranks.size(); ++rank) {
    double& most = out[static_cast<std::size_t>(parallel::coordinates_of(mesh_, static_cast<int>(rank)).pipeline)];
    most = std::max(most, of_ranks[rank]);
  }
  return out;
}

std::vector<double> StageBalance::expected() const {
  std::vector<double> by_place(static_cast<std::size_t>(mesh_.pipeline), 0.0), out;
  for (std::size_t stage = 0; stage < plan_.begins.size(); ++stage)
    by_place[static_cast<std::size_t>(plan_.schedule.stage_ranks[stage])] +=
        work_of(measured_.layers, plan_.begins, stage);
  for (int rank = 0; rank < parallel::world_size(mesh_); ++rank)
    out.push_back(by_place[static_cast<std::size_t>(parallel::coordinates_of(mesh_, rank).pipeline)]);
  return out;
}

void write_layer_work(const std::filesystem::path& file, const LayerWork& work) {
  value_or_throw(write_file_atomically(file, nlohmann::json{{"layers", work.layers}, {"paces", work.paces}}.dump()));
}

LayerWork read_layer_work(const std::filesystem::path& file) {
  try {
    const nlohmann::json json = nlohmann::json::parse(value_or_throw(read_file(file)));
    return {json.at("layers").get<std::vector<double>>(), json.at("paces").get<std::vector<double>>()};
  } catch (const nlohmann::json::exception& fault) {
    throw Failure(ErrorKind::corrupt, "cut the model as the other ranks do", fault.what(), "resume the run");
  }
}

std::optional<StageBalance> make_stage_balance(const recipe::Recipe& recipe) {
  if (recipe.text("parallel.balance") == "off" || recipe.integer("parallel.pipeline") == 1) return std::nullopt;
  return StageBalance();
}

}  // namespace athanor::runner
