#include "core/parallel/search.h"

#include "core/parallel/generate.h"
#include "core/parallel/list_schedule.h"
#include "core/parallel/random_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

namespace athanor::parallel {
namespace {

using detail::Evaluator;
using detail::FlatPipeline;
using detail::kNever;
using detail::OpId;

// Work at scale 1, in ops timed.
constexpr double kListOps = 1.8e6, kWalkOps = 6e7;
constexpr std::size_t kWalks = 3;      // from the best orders of different origins
constexpr double kRuleStep = 0.5;      // of head starts, in ops of average length
constexpr double kFirstStretch = 0.3;  // of all steps
constexpr double kRounding = 1e-9;     // of makespans

constexpr std::uint32_t kListStream = 1, kWalkStream = 2;

struct Candidate {
  const FlatPipeline* pipeline = nullptr;
  std::vector<OpId> order;
  double makespan = kNever;
  std::string origin;
};

std::string fault_of(const SearchProblem& problem) {
  const auto is_bad = [](double value) { return !std::isfinite(value) || value < 0; };
  if (problem.ranks < 1 || problem.micro_batches < 1) return "there is no rank or no micro-batch";
  if (problem.pieces.empty() || problem.pieces.size() % static_cast<std::size_t>(problem.ranks) != 0)
    return fmt::format("{} pieces cannot be dealt to {} ranks", problem.pieces.size(), problem.ranks);
  constexpr std::size_t kMostOps = 30'000'000;
  if (problem.pieces.size() * static_cast<std::size_t>(problem.micro_batches) > kMostOps / detail::kFlatKinds)
    return fmt::format("{} pieces of {} micro-batches are too many to search", problem.pieces.size(),
                       problem.micro_batches);
  if (problem.memory_caps.size() != static_cast<std::size_t>(problem.ranks))
    return fmt::format("there are memory caps for {} ranks of {}", problem.memory_caps.size(), problem.ranks);
  if (is_bad(problem.hop)) return fmt::format("a hop takes {}", problem.hop);
  for (const StageCost& piece : problem.pieces)
    for (const double value : {piece.forward, piece.input_gradient, piece.weight_gradient, piece.activation, piece.kept,
                               piece.activation - piece.kept})
      if (is_bad(value)) return "a cost of a piece is negative or not finite";
  return {};
}

// A rule whose head starts are some part of an op of average length.
detail::ListRule random_rule(detail::Random& random, double op) {
  detail::ListRule rule;
  const double scale = 1.5 * random.uniform() * op;
  for (double& head_start : rule.head_start) head_start = scale * random.uniform();
  if (random.below(2) == 0) rule.head_start[2] = rule.head_start[5] = 0;  // W fills what is left
  rule.reserve = random.below(3);
  rule.weight_fill = random.below(3) == 0 ? 2 : random.uniform();
  return rule;
}

// A rule near another one.
detail::ListRule changed_rule(detail::ListRule rule, detail::Random& random, double op) {
  for (double& head_start : rule.head_start)
    if (random.below(2) == 0) head_start = std::max(0.0, head_start + (random.uniform() - 0.5) * kRuleStep * op);
  if (random.below(8) == 0) rule.reserve = random.below(3);
  if (random.below(4) == 0) rule.weight_fill = random.below(3) == 0 ? 2 : random.uniform();
  return rule;
}

class Search {
 public:
  Search(const SearchProblem& problem, const SearchEffort& effort) : problem_(problem), effort_(effort) {}

  Result<SearchResult> run() {
    for (int chunks = 1; chunks <= effort_.chunks; ++chunks)
      if (problem_.pieces.size() % static_cast<std::size_t>(problem_.ranks * chunks) == 0) try_chunks(chunks);
    if (candidates_.empty())
      return fail(ErrorKind::out_of_memory, "find a pipeline schedule",
                  fmt::format("none of {} orders keeps the activations within the caps", tried_),
                  "allow more memory, or make the micro-batches smaller");
    std::ranges::stable_sort(candidates_, {}, &Candidate::makespan);
    walk_from_the_best();
    return result_of(*std::ranges::min_element(candidates_, {}, &Candidate::makespan));
  }

 private:
  [[nodiscard]] CostModel costs_of(int chunks) const {
    return {gather_pieces(problem_.pieces, problem_.ranks * chunks), problem_.hop, problem_.blocking_sends};
  }

  const FlatPipeline& pipeline_of(std::vector<int> stage_ranks, int chunks) {
    for (const auto& pipeline : pipelines_)
      if (pipeline->stage_ranks == stage_ranks) return *pipeline;
    const CostModel costs = costs_of(chunks);
    bounds_.push_back(least_makespan(stage_ranks, problem_.ranks, problem_.micro_batches, costs));
    pipelines_.push_back(std::make_unique<FlatPipeline>(std::move(stage_ranks), problem_.ranks, problem_.micro_batches,
                                                        costs, problem_.memory_caps));
    return *pipelines_.back();
  }

  [[nodiscard]] double bound_of(const FlatPipeline& pipeline) const {
    std::size_t i = 0;
    while (pipelines_[i].get() != &pipeline) ++i;
    return bounds_[i];
  }

  void try_chunks(int chunks) {
    for (const Schedule& schedule : static_schedules(problem_.ranks, problem_.micro_batches, chunks)) {
      if (schedule.stage_count() != problem_.ranks * chunks) continue;
      const FlatPipeline& pipeline = pipeline_of(schedule.stage_ranks, chunks);
      keep(pipeline, order_of(pipeline, schedule), schedule.name);
    }
    if (chunks == 1 || chunks % 2 == 0)
      try_lists(pipeline_of(place_stages(Placement::v, problem_.ranks, chunks), chunks));
  }

  void keep(const FlatPipeline& pipeline, std::vector<OpId> order, const std::string& origin) {
    ++tried_;
    const double makespan = Evaluator(pipeline).makespan(order);
    if (makespan < kNever) candidates_.push_back({&pipeline, std::move(order), makespan, origin});
  }

  [[nodiscard]] std::int64_t share(double ops, const FlatPipeline& pipeline) const {
    return std::max<std::int64_t>(1, std::llround(effort_.scale * ops / static_cast<double>(pipeline.duration.size())));
  }

  void try_lists(const FlatPipeline& pipeline) {
    const double enough = bound_of(pipeline) * (1 + kRounding);
    double work = 0;
    for (const double duration : pipeline.duration) work += duration;
    const double op = work / static_cast<double>(pipeline.duration.size());
    detail::Random random(effort_.seed, kListStream);
    detail::ListScheduler scheduler(pipeline);
    Evaluator evaluator(pipeline);
    Candidate best{&pipeline, {}, kNever, "list"};
    std::vector<OpId> order;
    detail::ListRule best_rule;
    for (std::int64_t i = share(kListOps, pipeline); i > 0 && best.makespan > enough; --i) {
      ++tried_;
      const bool anew = best.makespan == kNever || random.below(2) == 0;
      const detail::ListRule rule = anew ? random_rule(random, op) : changed_rule(best_rule, random, op);
      if (!scheduler.schedule(rule, order)) continue;
      const double makespan = evaluator.makespan(order, best.makespan);
      if (makespan >= best.makespan) continue;
      best.makespan = makespan;
      best.order = order;
      best_rule = rule;
    }
    if (best.makespan < kNever) candidates_.push_back(std::move(best));
  }

  // A first stretch from each of the best, then the rest of the way from the one that came furthest.
  void walk_from_the_best() {
    const std::size_t walks = std::min(kWalks, candidates_.size());
    std::size_t furthest = 0;
    for (std::size_t i = 0; i < walks; ++i) {
      walk(candidates_[i], kFirstStretch / static_cast<double>(walks), static_cast<std::uint32_t>(i));
      if (candidates_[i].makespan < candidates_[furthest].makespan) furthest = i;
    }
    walk(candidates_[furthest], 1 - kFirstStretch, static_cast<std::uint32_t>(walks));
  }

  void walk(Candidate& candidate, double part, std::uint32_t which) {
    const FlatPipeline& pipeline = *candidate.pipeline;
    Evaluator evaluator(pipeline);
    detail::RandomWalk path(pipeline, evaluator, std::move(candidate.order),
                            detail::Random(effort_.seed, kWalkStream + which));
    tried_ += path.run(share(part * kWalkOps, pipeline), bound_of(pipeline) * (1 + kRounding));
    candidate.order = path.order();
    candidate.makespan = path.makespan();
  }

  SearchResult result_of(const Candidate& best) const {
    SearchResult result;
    result.schedule = schedule_of(*best.pipeline, best.order, "searched");
    result.origin = best.origin;
    result.makespan = best.makespan;
    result.tried = tried_;
    double work = 0;
    for (const double each : best.pipeline->work) work += each;
    const double bound = bound_of(*best.pipeline);
    if (best.makespan == 0) return result;
    result.efficiency = work / (problem_.ranks * best.makespan);
    result.bound = work / (problem_.ranks * bound);
    result.gap = best.makespan / bound - 1;
    return result;
  }

  const SearchProblem& problem_;
  const SearchEffort& effort_;
  std::vector<std::unique_ptr<FlatPipeline>> pipelines_;
  std::vector<double> bounds_;  // of the makespan, by pipeline
  std::vector<Candidate> candidates_;
  std::int64_t tried_ = 0;
};

}  // namespace

double least_makespan(const std::vector<int>& stage_ranks, int ranks, int micro_batches, const CostModel& costs) {
  const double handing = costs.blocking_sends ? costs.hop : 0;
  std::vector<double> head(static_cast<std::size_t>(ranks), kNever), work(head.size(), 0);
  std::vector<int> sends(head.size(), 0);
  double reached = 0, there_and_back = 0;  // when a stage can begin; one micro-batch through all of it
  for (std::size_t stage = 0; stage < stage_ranks.size(); ++stage) {
    const auto rank = static_cast<std::size_t>(stage_ranks[stage]);
    const StageCost& cost = costs.stages[stage];
    head[rank] = std::min(head[rank], reached);
    work[rank] += micro_batches * (cost.forward + cost.input_gradient + cost.weight_gradient);
    const bool leaves = stage + 1 < stage_ranks.size() && stage_ranks[stage + 1] != stage_ranks[stage];
    if (leaves) {
      sends[rank] += micro_batches;
      sends[static_cast<std::size_t>(stage_ranks[stage + 1])] += micro_batches;
    }
    const double hop = leaves ? costs.hop + handing : 0;
    reached += cost.forward + hop;
    there_and_back += cost.forward + cost.input_gradient + 2 * hop;
  }
  double least = there_and_back + (costs.stages.empty() ? 0 : costs.stages.front().weight_gradient);
  // The last send of a rank need not hold up an op.
  for (std::size_t rank = 0; rank < head.size(); ++rank)
    if (head[rank] < kNever) least = std::max(least, head[rank] + work[rank] + handing * std::max(0, sends[rank] - 1));
  return least;
}

Result<SearchResult> search(const SearchProblem& problem, const SearchEffort& effort) {
  if (std::string cause = fault_of(problem); !cause.empty())
    return fail(ErrorKind::invalid_input, "find a pipeline schedule", std::move(cause));
  return Search(problem, effort).run();
}

}  // namespace athanor::parallel
