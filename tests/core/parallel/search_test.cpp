// The search: how good what it finds is, and that what it says of it is true.
#include "core/parallel/search.h"

#include "core/parallel/generate.h"
#include "core/parallel/simulate.h"
#include "core/parallel/validate.h"
#include "tests/core/parallel/seeded_faults.h"

#include <algorithm>
#include <cmath>

namespace athanor::parallel {
namespace {

constexpr StageCost kUnequal{.forward = 1, .input_gradient = 1.15, .weight_gradient = 0.85};

SearchProblem uniform(int p, int m, double hop, double cap) {
  SearchProblem problem;
  problem.ranks = p;
  problem.micro_batches = m;
  problem.pieces = uniform_costs(p, 2, kUnequal, 0).stages;
  problem.hop = hop;
  problem.memory_caps.assign(static_cast<std::size_t>(p), cap * p);
  return problem;
}

CostModel costs_of(const SearchProblem& problem, const Schedule& schedule) {
  return {gather_pieces(problem.pieces, schedule.stage_count()), problem.hop, problem.blocking_sends};
}

// The schedule is whole, within the caps, and takes the time that was promised.
void expect_true(const SearchProblem& problem, const SearchResult& result) {
  const CostModel costs = costs_of(problem, result.schedule);
  const MemoryLimit limit{costs.stages, problem.memory_caps};
  const auto faults = validate(result.schedule, &limit);
  ASSERT_TRUE(faults.empty()) << faults.front().sentence;
  const Simulation simulation = value_or_throw(simulate(result.schedule, costs));
  EXPECT_NEAR(simulation.makespan, result.makespan, 1e-9 * result.makespan);
  EXPECT_NEAR(simulation.efficiency, result.efficiency, 1e-9);
  EXPECT_LE(result.efficiency, result.bound + 1e-9);
  EXPECT_NEAR(result.gap, result.bound / result.efficiency - 1, 1e-9);
}

TEST(Search, FindsWhatTheMemoryAllows) {
  for (const auto& [cap, efficiency] : {std::pair{1.0, 0.900}, {1.5, 0.920}, {2.0, 0.925}}) {
    const SearchProblem problem = uniform(8, 16, 0.05, cap);
    const SearchResult result = value_or_throw(search(problem));
    EXPECT_GE(result.efficiency, efficiency) << cap;
    EXPECT_NEAR(result.bound, 48 / (48 + 7 * 0.55), 1e-12);
    expect_true(problem, result);
  }
}

TEST(Search, GivesTheSameForTheSameSeed) {
  const SearchProblem problem = uniform(4, 9, 0.1, 1.1);
  const SearchEffort effort{.seed = 7, .scale = 0.05};
  const SearchResult once = value_or_throw(search(problem, effort)), again = value_or_throw(search(problem, effort));
  EXPECT_EQ(once.schedule, again.schedule);
  EXPECT_EQ(once.tried, again.tried);
}

TEST(Search, IsNeverSlowerThanAStaticScheduleThatFits) {
  std::minstd_rand random(11);
  const auto uniform_in = [&random](double low, double high) {
    return low + (high - low) * (static_cast<double>(random()) / 2147483647.0);
  };
  for (int round = 0; round < 40; ++round) {
    SearchProblem problem = uniform(1 + round % 6, 1 + round % 11, uniform_in(0, 0.3), uniform_in(1, 2));
    problem.blocking_sends = round % 3 == 0;
    for (StageCost& piece : problem.pieces) {
      const double activation = uniform_in(0.2, 0.5);
      piece = {
          uniform_in(0.2, 1), uniform_in(0.2, 1), uniform_in(0.2, 1), activation, activation * uniform_in(0, 1), 0};
    }
    const SearchResult result = value_or_throw(search(problem, {.scale = 0.01}));
    expect_true(problem, result);
    for (const Schedule& schedule : static_schedules(problem.ranks, problem.micro_batches, 2)) {
      const CostModel costs = costs_of(problem, schedule);
      const MemoryLimit limit{costs.stages, problem.memory_caps};
      if (!validate(schedule, &limit).empty()) continue;
      EXPECT_LE(result.makespan, value_or_throw(simulate(schedule, costs)).makespan * (1 + 1e-9)) << schedule.name;
    }
  }
}

// All orders of one rank's ops that keep F before I before W of each micro-batch.
std::vector<std::vector<Op>> all_orders(int stage, int micro_batches) {
  std::vector<Op> ops;
  for (int j = 0; j < micro_batches; ++j)
    for (const OpKind kind : {OpKind::forward, OpKind::input_gradient, OpKind::weight_gradient})
      ops.push_back({kind, stage, j});
  const auto before = [](const Op& a, const Op& b) {
    return std::pair(a.micro_batch, a.kind) < std::pair(b.micro_batch, b.kind);
  };
  std::vector<std::vector<Op>> orders;
  do {
    bool kept = true;
    for (std::size_t i = 0; i < ops.size() && kept; ++i)
      for (std::size_t k = i + 1; k < ops.size() && kept; ++k)
        kept = ops[i].micro_batch != ops[k].micro_batch || ops[i].kind < ops[k].kind;
    if (kept) orders.push_back(ops);
  } while (std::ranges::next_permutation(ops, before).found);
  return orders;
}

TEST(Search, FindsTheBestOfAllOrdersWhereTheyCanBeCounted) {
  SearchProblem problem;
  problem.ranks = problem.micro_batches = 2;
  problem.hop = 0.3;
  problem.memory_caps = {2, 2};
  for (const double first : {0.5, 1.0, 2.0}) {
    problem.pieces = {{.forward = first, .input_gradient = 1.5, .weight_gradient = 0.7},
                      {.forward = 1, .input_gradient = 0.9, .weight_gradient = 1.6}};
    Schedule schedule = one_f_one_b(2, 2);
    double best = INFINITY;
    for (const auto& upper : all_orders(0, 2))
      for (const auto& lower : all_orders(1, 2)) {
        schedule.ranks = {upper, lower};
        if (const auto result = simulate(schedule, costs_of(problem, schedule)))
          best = std::min(best, result->makespan);
      }
    EXPECT_NEAR(value_or_throw(search(problem)).makespan, best, 1e-12) << first;
  }
}

TEST(Search, MakesDoWithOneMicroBatchAtATime) {
  const SearchProblem problem = uniform(4, 5, 0.05, 0.25);
  const SearchResult result = value_or_throw(search(problem, {.scale = 0.1}));
  expect_true(problem, result);
}

TEST(Search, SaysWhenNothingFits) {
  const auto result = search(uniform(4, 5, 0.05, 0.2), {.scale = 0.01});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::out_of_memory);
}

TEST(Search, UsesMoreChunksWhereTheyAreAllowed) {
  SearchProblem problem = uniform(4, 8, 0, 3);
  problem.pieces = uniform_costs(4, 4, kUnequal, 0).stages;
  const SearchResult two = value_or_throw(search(problem, {.scale = 0.1}));
  const SearchResult four = value_or_throw(search(problem, {.scale = 0.1, .chunks = 4}));
  EXPECT_EQ(four.schedule.stage_count(), 16);
  EXPECT_GT(four.efficiency, two.efficiency);
  expect_true(problem, four);
}

TEST(Search, RefusesProblemsWithoutSense) {
  SearchProblem problem = uniform(4, 8, 0, 1);
  problem.pieces.pop_back();
  EXPECT_FALSE(search(problem));
  problem = uniform(4, 8, -1, 1);
  EXPECT_FALSE(search(problem));
  problem = uniform(4, 8, 0, 1);
  problem.memory_caps.pop_back();
  EXPECT_FALSE(search(problem));
  problem = uniform(4, 8, 0, 1);
  problem.pieces[3].forward = NAN;
  EXPECT_FALSE(search(problem));
  problem.pieces[3].forward = 1;
  problem.micro_batches = 2000000000;
  EXPECT_FALSE(search(problem));
  problem = uniform(4, 0, 0, 1);
  EXPECT_EQ(search(problem).error().kind, ErrorKind::invalid_input);
}

TEST(LeastMakespan, IsTheFormulaOfTheV) {
  const double bound = least_makespan(place_stages(Placement::v, 8, 2), 8, 16, uniform_costs(8, 2, kUnequal, 0.05));
  EXPECT_NEAR(bound, 16 * 3 + 7 * (0.5 + 0.05), 1e-12);
  // One micro-batch: all of F and I, and the first stage's W.
  EXPECT_NEAR(least_makespan(place_stages(Placement::contiguous, 4, 1), 4, 1, uniform_costs(4, 1, kUnequal, 0.5)),
              4 * 2.15 + 0.85 + 6 * 0.5, 1e-12);
}

}  // namespace
}  // namespace athanor::parallel
