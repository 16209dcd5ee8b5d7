// The simulator against figures that are known, and against its own rules.
#include "core/parallel/simulate.h"

#include "core/parallel/transfers.h"
#include "core/parallel/validate.h"
#include "tests/core/parallel/seeded_faults.h"
#include "tests/core/parallel/support.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace athanor::parallel {
namespace {

Simulation simulated(const Schedule& schedule, const CostModel& costs) {
  return value_or_throw(simulate(schedule, costs));
}

// A percentage as it is printed, with one digit after the point.
double printed(double share) { return std::round(share * 1000) / 10; }

struct Row {
  int p, m;
  StageCost cost;
  double hop;
  bool blocking;
  // Percent, and of the last two the span efficiency too.
  double one_f_one_b, interleaved2, interleaved4, zb_h1, zb_h2, zb_h2_span, zb_v, zb_v_span;
};

constexpr StageCost kEqual{};
constexpr StageCost kUnequal{.forward = 1, .input_gradient = 1.15, .weight_gradient = 0.85};

TEST(Simulate, GivesTheKnownEfficienciesOfTheStaticSchedules) {
  const Row rows[] = {
      {4, 8, kEqual, 0, false, 72.7, 84.2, 91.4, 88.9, 88.9, 100, 94.1, 100},
      {4, 8, kUnequal, .05, false, 71.0, 82.2, 86.5, 84.2, 88.4, 93.6, 91.0, 93.4},
      {8, 16, kEqual, 0, false, 69.6, 82.1, 90.1, 87.3, 87.3, 100, 93.2, 100},
      {8, 16, kUnequal, .05, false, 67.6, 80.0, 85.2, 82.1, 86.7, 92.6, 89.4, 92.1},
      {8, 16, kUnequal, .2, false, 62.3, 74.4, 73.1, 76.6, 85.1, 89.0, 81.9, 82.6},
      {8, 16, kUnequal, .05, true, 65.7, 76.1, 76.5, 79.2, 85.0, 89.5, 84.5, 86.5},
      {8, 32, kUnequal, .05, false, 79.7, 88.9, 92.0, 90.1, 92.9, 96.1, 94.4, 95.9},
      {2, 4, kUnequal, .05, false, 78.9, 87.0, 89.2, 88.9, 92.0, 95.6, 94.3, 96.0},
  };
  for (const Row& row : rows) {
    const auto run = [&row](const Schedule& schedule) {
      CostModel costs = uniform_costs(row.p, schedule.stage_count() / row.p, row.cost, row.hop);
      costs.blocking_sends = row.blocking;
      return simulated(schedule, costs);
    };
    SCOPED_TRACE(row.p * 1000 + row.m);
    EXPECT_EQ(printed(run(one_f_one_b(row.p, row.m)).efficiency), row.one_f_one_b);
    EXPECT_EQ(printed(run(interleaved_one_f_one_b(row.p, 2, row.m)).efficiency), row.interleaved2);
    EXPECT_EQ(printed(run(interleaved_one_f_one_b(row.p, 4, row.m)).efficiency), row.interleaved4);
    EXPECT_EQ(printed(run(zb_h1(row.p, row.m)).efficiency), row.zb_h1);
    EXPECT_EQ(printed(run(zb_h2(row.p, row.m)).efficiency), row.zb_h2);
    EXPECT_EQ(printed(run(zb_h2(row.p, row.m)).span_efficiency), row.zb_h2_span);
    EXPECT_EQ(printed(run(zb_v(row.p, row.m)).efficiency), row.zb_v);
    EXPECT_EQ(printed(run(zb_v(row.p, row.m)).span_efficiency), row.zb_v_span);
  }
}

// Huang et al. 2019: efficiency m / (m + p - 1) with free communication.
TEST(Simulate, GivesTheBubbleOfTheFormula) {
  for (int p = 1; p <= 8; ++p)
    for (const int m : {p, 2 * p, 4 * p})
      for (const Schedule& schedule : {gpipe(p, m), one_f_one_b(p, m)}) {
        const Simulation result = simulated(schedule, uniform_costs(p, 1, kEqual, 0));
        EXPECT_NEAR(result.efficiency, m / (m + p - 1.0), 1e-12) << schedule.name;
        EXPECT_NEAR(result.makespan, 3.0 * (m + p - 1), 1e-9);
        for (const RankUse& rank : result.ranks) EXPECT_NEAR(rank.bubble, 1 - result.efficiency, 1e-12);
      }
}

TEST(Simulate, TimesStagesThatDiffer) {
  const Schedule schedule =
      value_or_throw(parse_schedule("schedule two\nmicro-batches 2\nstages 0 1\nrank 0: F0.0 F0.1 I0.0 W0.0 B0.1\n"
                                    "rank 1: F1.0 B1.0 F1.1 B1.1\n"));
  const CostModel costs{
      .stages = {{.forward = 1, .input_gradient = 2, .weight_gradient = 3, .activation = 5, .kept = 2},
                 {.forward = 4, .input_gradient = 5, .weight_gradient = 6}},
      .hop = 0.5};
  const Simulation result = simulated(schedule, costs);
  // Rank 1: F 1.5-5.5, B -16.5, F -20.5, B -31.5; rank 0: F 0-1, F 1-2, I 17-19, W 19-22, B 32-37.
  EXPECT_EQ(result.makespan, 37);
  EXPECT_EQ(result.ranks[0].busy, 12);
  EXPECT_EQ(result.ranks[1].busy, 30);
  EXPECT_EQ(result.ranks[1].first, 1.5);
  EXPECT_EQ(result.ranks[1].last, 31.5);
  EXPECT_EQ(result.efficiency, 42.0 / (2 * 37));
  EXPECT_EQ(result.span_efficiency, 42.0 / (2 * 37));
  EXPECT_EQ(result.ranks[0].memory_high_water, 10);
  const std::pair<double, double> memory[] = {{0, 5}, {1, 10}, {19, 7}, {22, 5}, {37, 0}};
  ASSERT_EQ(result.ranks[0].memory.size(), std::size(memory));
  for (std::size_t i = 0; i < std::size(memory); ++i) {
    EXPECT_EQ(result.ranks[0].memory[i].time, memory[i].first);
    EXPECT_EQ(result.ranks[0].memory[i].held, memory[i].second);
  }
}

// The timeline keeps every rule: lanes do one thing at a time, results travel, nothing starts before its inputs.
TEST(Simulate, DrawsATimelineThatKeepsTheRules) {
  for (const Schedule& plain : static_schedules(4, 8, 3)) {
    const CostModel costs = uniform_costs(4, plain.stage_count() / 4, kUnequal, 0.1);
    const Simulation result = simulated(plain, costs);
    std::map<std::tuple<OpKind, int, int>, double> sent;
    std::map<int, double> free;
    std::size_t computed = 0;
    for (const TimelineSpan& span : result.timeline)
      if (span.lane == Lane::send) sent[{span.op.kind, span.op.stage, span.op.micro_batch}] = span.end;
    for (const TimelineSpan& span : result.timeline) {
      if (span.lane != Lane::compute) continue;
      ++computed;
      EXPECT_GE(span.begin, free[span.rank]);
      free[span.rank] = span.end;
      const auto receive = receive_of(plain, span.op);
      if (!receive) continue;
      const Op send = counterpart(*receive);
      EXPECT_GE(span.begin, sent.at({send.kind, send.stage, send.micro_batch}));
    }
    std::size_t listed = 0;
    for (const auto& ops : plain.ranks) listed += ops.size();
    EXPECT_EQ(computed, listed);
  }
}

TEST(Simulate, TakesTransfersWhereTheyStandAsItPutsThemItself) {
  for (const bool blocking : {false, true})
    for (const Schedule& plain : static_schedules(5, 10, 3)) {
      CostModel costs = uniform_costs(5, plain.stage_count() / 5, kUnequal, 0.07);
      costs.blocking_sends = blocking;
      const Simulation without = simulated(plain, costs), with = simulated(insert_transfers(plain), costs);
      EXPECT_EQ(without.makespan, with.makespan) << plain.name;
      EXPECT_EQ(without.timeline.size(), with.timeline.size());
    }
}

TEST(Simulate, SeesASendThatIsPutOff) {
  const std::string head = "schedule late\nmicro-batches 2\nstages 0 1\nrank 0: ";
  const std::string tail =
      " RECV_B0.0 B0.0 RECV_B0.1 B0.1\nrank 1: RECV_F1.0 F1.0 B1.0 SEND_B1.0 RECV_F1.1 F1.1 B1.1 SEND_B1.1\n";
  const CostModel costs = uniform_costs(2, 1, kEqual, 0);
  const auto at_once = value_or_throw(parse_schedule(head + "F0.0 SEND_F0.0 F0.1 SEND_F0.1" + tail));
  const auto late = value_or_throw(parse_schedule(head + "F0.0 F0.1 SEND_F0.0 SEND_F0.1" + tail));
  EXPECT_EQ(simulated(late, costs).makespan, simulated(at_once, costs).makespan + 1);
}

TEST(Simulate, ReducesGradientsBesideComputing) {
  CostModel costs = uniform_costs(2, 2, {.reduce = 2}, 0);
  const Schedule plain = zb_v(2, 8), reduced = insert_reductions(plain);
  const Simulation without = simulated(plain, costs), with = simulated(reduced, costs);
  EXPECT_EQ(with.ranks[0].last, without.ranks[0].last);
  EXPECT_GT(with.makespan, without.makespan);
  EXPECT_LE(with.makespan, without.makespan + 2);
  EXPECT_EQ(std::ranges::count(with.timeline, Lane::reduce, &TimelineSpan::lane), 4);
}

TEST(Simulate, AgreesWithTheValidatorAboutMemory) {
  std::minstd_rand random(5);
  for (int round = 0; round < 50; ++round) {
    const Schedule schedule = test::random_schedule(1 + round % 4, 1 + round % 9, 1 + round % 6, random);
    CostModel costs;
    for (int stage = 0; stage < schedule.stage_count(); ++stage)
      costs.stages.push_back({.activation = 1.0 + stage % 3, .kept = 0.5 * (stage % 3)});
    const Simulation result = simulated(schedule, costs);
    const auto peaks = test::peaks(schedule, costs.stages);
    for (std::size_t rank = 0; rank < peaks.size(); ++rank)
      EXPECT_EQ(result.ranks[rank].memory_high_water, peaks[rank]);
  }
}

TEST(Simulate, BeginsWhereRanksAreFree) {
  const CostModel costs = uniform_costs(2, 1, kEqual, 0);
  const Schedule schedule = zb_h2(2, 4);
  const Simulation whole = simulated(schedule, costs);
  const std::vector<double> later{3, 3}, last_later{0, 1};
  EXPECT_EQ(value_or_throw(simulate(schedule, costs, later)).makespan, whole.makespan + 3);
  // The last stage has nothing to do before.
  EXPECT_EQ(value_or_throw(simulate(schedule, costs, last_later)).makespan, whole.makespan);
  EXPECT_FALSE(simulate(schedule, costs, std::vector<double>{0}));
}

TEST(Simulate, SaysWhatARowOfStepsGainsWhereNoRankWaitsForTheSlowest) {
  const auto gain = [](const Schedule& schedule) {
    const int p = schedule.rank_count();
    const StepTime time =
        value_or_throw(simulate_step(schedule, uniform_costs(p, schedule.stage_count() / p, kUnequal, .05)));
    return printed(1 - time.ahead / time.waiting);
  };
  // Where all ranks end with the first, it has to begin the next step.
  for (const Schedule& schedule : {gpipe(8, 16), one_f_one_b(8, 16), zb_h1(8, 16), v_half(8, 16)})
    EXPECT_EQ(gain(schedule), 0) << schedule.name;
  EXPECT_EQ(gain(zb_h2(8, 16)), 4.4);
  EXPECT_EQ(gain(zb_v(8, 16)), 2.0);
}

TEST(Simulate, RefusesWhatCannotBeTimed) {
  Schedule broken = one_f_one_b(2, 2);
  broken.ranks[1].pop_back();
  const auto missing = simulate(broken, uniform_costs(2, 1, kEqual, 0));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().cause, validate(broken).front().sentence);
  EXPECT_FALSE(simulate(one_f_one_b(2, 2), uniform_costs(3, 1, kEqual, 0)));
  EXPECT_FALSE(simulate(one_f_one_b(2, 2), uniform_costs(2, 1, kEqual, -1)));
  EXPECT_FALSE(simulate(one_f_one_b(2, 2), uniform_costs(2, 1, {.forward = NAN}, 0)));
  EXPECT_FALSE(simulate(one_f_one_b(2, 2), uniform_costs(2, 1, {.activation = 1, .kept = 2}, 0)));
}

}  // namespace
}  // namespace athanor::parallel
