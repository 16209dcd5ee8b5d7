#include "core/assembly/stages.h"

#include "core/assembly/assembly.h"
#include "core/parallel/generate.h"
#include "core/parallel/layout.h"
#include "core/parallel/partition.h"
#include "core/parallel/passes.h"
#include "core/parallel/search.h"
#include "core/parallel/simulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <span>

namespace athanor::runner {
namespace {

using parallel::Schedule;

// A layer that does nothing but move numbers is not for nothing.
constexpr double kLeastFlops = 1000;
// Of a step, for which to take optimizer steps ahead.
constexpr double kLeastGain = 0.01;
// Of the simulated time, for a layer to be moved; and how many moves are tried.
constexpr double kLeastMove = 0.001;
constexpr int kMostTries = 200;

class FlopCounter final : public WorkObserver {
 public:
  void on_launch(const char*, const Work& work) noexcept override { flops += work.flops; }
  double flops = 0;
};

std::vector<Tensor> single_row(const recipe::Recipe& recipe, Context& context, std::int64_t tokens) {
  const std::int64_t px = recipe.integer("data.image_px");
  return {context.empty({1, px, px, 3}), context.empty({1, tokens}, DType::i32), context.empty({1}, DType::i32)};
}

// What comes before each layer and after the last, of a row with so many tokens; `after` each layer is told.
std::vector<distributed::StreamForms> forms_between(
    const recipe::Recipe& recipe, Context& context, const std::vector<models::ChainLayer>& layers, std::int64_t tokens,
    const std::function<void()>& after = [] {}) {
  const NoGradient no_gradient(context);
  const std::vector<Tensor> inputs = single_row(recipe, context, tokens);
  models::Streams streams(tasks::Contrastive::kStreams);
  std::vector<distributed::StreamForms> out{{}};
  for (const models::ChainLayer& layer : layers) {
    layer.forward(context, inputs, streams);
    out.push_back(distributed::StreamForms::of(streams));
    after();
  }
  return out;
}

// Of the layers of a stage.
double sum_of(const std::vector<double>& layers, const std::vector<std::size_t>& begins, std::size_t stage) {
  const std::size_t end = stage + 1 < begins.size() ? begins[stage + 1] : layers.size();
  const auto own = std::span(layers).subspan(begins[stage], end - begins[stage]);
  return std::accumulate(own.begin(), own.end(), 0.0);
}

// The model in as many parts as there are paces, which take about equally long: the first layer of each.
std::vector<std::size_t> cut(const std::vector<double>& work, const std::vector<double>& paces) {
  std::vector<parallel::LayerCost> layers;
  for (const double each : work) layers.push_back({.time = each});
  std::vector<parallel::StageLimit> limits;
  for (const double pace : paces)
    limits.push_back({.in_flight = 1, .memory = std::numeric_limits<double>::max(), .pace = pace});
  return value_or_throw(parallel::partition_layers(layers, limits)).begins;
}

// With the memory of 1F1B, by how long the parts take.
Schedule found(int ranks, int micro_batches, const std::vector<double>& work) {
  const int parts = ranks * parallel::chunks_of("search");
  const std::vector<std::size_t> begins = cut(work, std::vector<double>(static_cast<std::size_t>(parts), 1.0));
  parallel::SearchProblem problem;
  problem.ranks = ranks;
  problem.micro_batches = micro_batches;
  double sum = 0;
  for (std::size_t part = 0; part < begins.size(); ++part) {
    const std::size_t end = part + 1 < begins.size() ? begins[part + 1] : work.size();
    double time = 0;
    for (std::size_t layer = begins[part]; layer < end; ++layer) time += work[layer];
    sum += time;
    problem.pieces.push_back({.forward = time, .input_gradient = time, .weight_gradient = time});
  }
  for (parallel::StageCost& piece : problem.pieces) {
    piece.forward *= ranks / sum;
    piece.input_gradient = piece.weight_gradient = piece.forward;
    piece.activation = piece.kept = 1.0 / parallel::chunks_of("search");
  }
  problem.memory_caps.assign(static_cast<std::size_t>(ranks), ranks);
  return value_or_throw(parallel::search(problem)).schedule;
}

Schedule made(const std::string& name, int ranks, int micro_batches) {
  if (name == "gpipe") return parallel::gpipe(ranks, micro_batches);
  if (name == "interleaved") return parallel::interleaved_one_f_one_b(ranks, parallel::chunks_of(name), micro_batches);
  if (name == "zb-h1") return parallel::zb_h1(ranks, micro_batches);
  if (name == "zb-h2") return parallel::zb_h2(ranks, micro_batches);
  if (name == "zb-v") return parallel::zb_v(ranks, micro_batches);
  if (name == "v-half") return parallel::v_half(ranks, micro_batches);
  if (name == "v-min") return parallel::v_min(ranks, micro_batches);
  return parallel::one_f_one_b(ranks, micro_batches);
}

}  // namespace

std::optional<int> Stages::rank_of(std::string_view parameter) const {
  const auto owner = std::ranges::find_if(layers, [&](const auto& layer) { return layer.owns(parameter); });
  if (owner == layers.end()) return {};
  const auto layer = static_cast<std::size_t>(owner - layers.begin());
  const auto after = std::ranges::upper_bound(plan.begins, layer);
  return plan.schedule.stage_ranks[static_cast<std::size_t>(after - plan.begins.begin()) - 1];
}

parallel::CostModel Stages::costs(const LayerWork* measured) const {
  const std::vector<double>& work = measured ? measured->layers : flops;
  parallel::CostModel out;
  for (std::size_t stage = 0; stage < plan.begins.size(); ++stage) {
    const double sum = sum_of(work, plan.begins, stage);
    const double time =
        measured ? sum * measured->paces[static_cast<std::size_t>(plan.schedule.stage_ranks[stage])] : sum;
    out.stages.push_back({.forward = time, .input_gradient = time, .weight_gradient = time});
  }
  return out;
}

double simulated_time(const Schedule& schedule, const std::vector<std::size_t>& begins, const LayerWork& work) {
  parallel::CostModel costs;
  for (std::size_t stage = 0; stage < begins.size(); ++stage) {
    const double pace = work.paces.at(static_cast<std::size_t>(schedule.stage_ranks[stage]));
    const double whole = sum_of(work.layers, begins, stage) * pace;
    costs.stages.push_back({.forward = whole / 2, .input_gradient = whole / 4, .weight_gradient = whole / 4});
  }
  return value_or_throw(parallel::simulate(schedule, costs)).makespan;
}

// Where a rank has several stages it is they together that ought to be equal, which moves see and a cut by stages does
// not.
std::vector<std::size_t> cut_layers(const Schedule& schedule, const LayerWork& work) {
  std::vector<double> paces;
  for (const int rank : schedule.stage_ranks) paces.push_back(work.paces.at(static_cast<std::size_t>(rank)));
  std::vector<std::size_t> best = cut(work.layers, paces);
  double time = simulated_time(schedule, best, work);
  int tries = 0;
  for (bool has_moved = true; has_moved && tries < kMostTries;) {
    has_moved = false;
    for (std::size_t stage = 1; stage < best.size(); ++stage)
      for (const int by : {-1, 1}) {
        std::vector<std::size_t> moved = best;
        moved[stage] += static_cast<std::size_t>(by);
        const std::size_t end = stage + 1 < moved.size() ? moved[stage + 1] : work.layers.size();
        if (moved[stage] <= moved[stage - 1] || moved[stage] >= end || tries >= kMostTries) continue;
        const double sooner = simulated_time(schedule, moved, work);
        ++tries;
        if (sooner >= (1 - kLeastMove) * time) continue;
        time = sooner;
        best = std::move(moved);
        has_moved = true;
      }
  }
  return best;
}

std::vector<double> row_costs(const recipe::Recipe& recipe) {
  Context context({.dry = true});
  FlopCounter counter;
  context.set_work_observer(&counter);
  const models::TwoTower model(context, model_config(recipe, /*vocabulary=*/1), /*seed=*/0);
  std::vector<double> out;
  for (std::int64_t tokens = 1; tokens <= recipe.integer("data.max_tokens"); ++tokens) {
    counter.flops = 0;
    (void)forms_between(recipe, context, model.layers(), tokens);
    out.push_back(counter.flops);
  }
  return out;
}

Stages cut_into_stages(const recipe::Recipe& recipe, std::int64_t vocabulary, const LayerWork* measured,
                       std::int64_t usual_tokens) {
  const parallel::Mesh mesh = mesh_of(recipe);
  const std::string& name = recipe.text("parallel.schedule");
  const auto tensor = tensor_ranks(recipe, 0);
  Context context({.dry = true});
  context.set_tensor_group(tensor.get());
  const Learner learner = make_learner(recipe, context, vocabulary);
  Stages out;
  out.learns = distributed::sizes_of_all(learner.model->named_parameters());
  out.layers = learner.model->layers();

  FlopCounter counter;
  context.set_work_observer(&counter);
  const std::int64_t longest = recipe.integer("data.max_tokens");
  const std::int64_t usual = usual_tokens == kReadsAll ? longest : usual_tokens;
  std::vector<std::vector<distributed::StreamForms>> between;
  for (std::int64_t tokens = recipe.boolean("data.group_by_length") ? 1 : longest; tokens <= longest; ++tokens) {
    counter.flops = 0;
    between.push_back(forms_between(recipe, context, out.layers, tokens, [&] {
      const double flops = std::exchange(counter.flops, 0) + kLeastFlops;
      if (tokens == usual) out.flops.push_back(flops);
    }));
  }
  for (models::ChainLayer& layer : out.layers) layer.forward = nullptr;
  context.set_work_observer(nullptr);

  const int parts = mesh.pipeline * parallel::chunks_of(name);
  if (static_cast<int>(out.layers.size()) < parts)
    throw FieldFailure("parallel.pipeline",
                       {ErrorKind::invalid_input, "cut the model into stages",
                        fmt::format("it has {} layers, and schedule {} on {} ranks needs {} stages", out.layers.size(),
                                    name, mesh.pipeline, parts),
                        fmt::format("Set parallel.pipeline to at most {}",
                                    static_cast<int>(out.layers.size()) * mesh.pipeline / parts)});
  const int micro_batches = static_cast<int>(recipe.integer("parallel.micro_batches")) / mesh.data;
  const std::vector<double>& work = measured ? measured->layers : out.flops;
  out.plan.schedule = parallel::join_backward(parallel::order_micro_batches(
      name == "search" ? found(mesh.pipeline, micro_batches, work) : made(name, mesh.pipeline, micro_batches)));
  const auto count = static_cast<std::size_t>(out.plan.schedule.stage_count());
  out.plan.begins = measured ? cut_layers(out.plan.schedule, *measured) : cut(work, std::vector<double>(count, 1.0));
  for (const std::vector<distributed::StreamForms>& all : between) {
    std::vector<distributed::StreamForms>& forms = out.plan.forms.emplace_back();
    for (const std::size_t begin : out.plan.begins) forms.push_back(all[begin]);
    forms.push_back(all.back());
  }
  const auto time = value_or_throw(parallel::simulate_step(out.plan.schedule, out.costs(measured)));
  out.steps_ahead = time.ahead < (1 - kLeastGain) * time.waiting;
  return out;
}

}  // namespace athanor::runner
