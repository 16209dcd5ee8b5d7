// The static schedules: their orders, and what they hold in memory.
#include "core/parallel/generate.h"

#include "core/parallel/cost_model.h"
#include "tests/core/parallel/support.h"

#include <algorithm>

namespace athanor::parallel {
namespace {

using test::line_of;

// The most micro-batches of one rank whose activations are held, each from F to W.
double peak(const Schedule& schedule) {
  const StageCost cost =
      uniform_costs(schedule.rank_count(), schedule.stage_count() / schedule.rank_count(), {}, 0).stages[0];
  double most = 0;
  for (const auto& ops : schedule.ranks) {
    double held = 0;
    for (const Op& op : ops) most = std::max(most, held += memory_change(cost, op.kind));
  }
  return most;
}

TEST(Generate, GpipeDoesAllForwardsFirst) {
  const Schedule schedule = gpipe(2, 2);
  EXPECT_EQ(line_of(schedule, 0), "F0.0 F0.1 B0.0 B0.1");
  EXPECT_EQ(line_of(schedule, 1), "F1.0 F1.1 B1.0 B1.1");
}

TEST(Generate, OneFOneBAlternatesAfterItsWarmUp) {
  const Schedule schedule = one_f_one_b(3, 4);
  EXPECT_EQ(line_of(schedule, 0), "F0.0 F0.1 F0.2 B0.0 F0.3 B0.1 B0.2 B0.3");
  EXPECT_EQ(line_of(schedule, 2), "F2.0 B2.0 F2.1 B2.1 F2.2 B2.2 F2.3 B2.3");
}

TEST(Generate, InterleavingTakesChunksInTurns) {
  const Schedule schedule = interleaved_one_f_one_b(2, 2, 4);
  EXPECT_EQ(line_of(schedule, 1), "F1.0 F1.1 F3.0 B3.0 F3.1 B3.1 F1.2 B1.0 F1.3 B1.1 F3.2 B3.2 F3.3 B3.3 B1.2 B1.3");
  EXPECT_EQ(placement_of(schedule), Placement::interleaved);
}

TEST(Generate, InterleavingAsksForEqualRounds) {
  EXPECT_FALSE(can_interleave(4, 9));
  EXPECT_TRUE(can_interleave(4, 3));
  EXPECT_THROW((void)interleaved_one_f_one_b(4, 2, 9), Failure);
}

TEST(Generate, ZeroBubblePutsWeightGradientsOff) {
  EXPECT_EQ(line_of(zb_h1(2, 3), 1), "F1.0 I1.0 F1.1 I1.1 W1.0 F1.2 I1.2 W1.1 W1.2");
  EXPECT_EQ(line_of(zb_h2(2, 3), 0), "F0.0 F0.1 F0.2 I0.0 W0.0 I0.1 W0.1 I0.2 W0.2");
  EXPECT_EQ(line_of(zb_h2(2, 3), 1), "F1.0 I1.0 F1.1 I1.1 F1.2 I1.2 W1.0 W1.1 W1.2");
}

TEST(Generate, TheVTurnsOnTheLastRank) {
  EXPECT_EQ(line_of(zb_v(1, 2), 0), "F0.0 F1.0 I1.0 W1.0 F0.1 I0.0 W0.0 F1.1 I1.1 W1.1 I0.1 W0.1");
  EXPECT_TRUE(line_of(zb_v(2, 3), 1).starts_with("F1.0 F2.0 F1.1 F2.1 I2.0 W2.0 ")) << line_of(zb_v(2, 3), 1);
  EXPECT_EQ(placement_of(zb_v(4, 8)), Placement::v);
}

TEST(Generate, HoldsNoMoreActivationsThanPromised) {
  for (int p = 1; p <= 12; ++p)
    for (const int m : {1, 2 * p, 4 * p, 4 * p + 1}) {
      EXPECT_EQ(peak(gpipe(p, m)), m);
      EXPECT_EQ(peak(one_f_one_b(p, m)), std::min(p, m));
      EXPECT_LE(peak(zb_h1(p, m)), p);
      EXPECT_LE(peak(zb_h2(p, m)), 2 * p - 1);
      EXPECT_LE(peak(zb_v(p, m)), p) << p << ' ' << m;
      EXPECT_LT(peak(v_half(p, m)), p / 2.0 + 2) << p << ' ' << m;
      EXPECT_LT(peak(v_min(p, m)), p / 3.0 + 2) << p << ' ' << m;
    }
  EXPECT_EQ(peak(zb_h2(8, 16)), 15);
  EXPECT_EQ(peak(interleaved_one_f_one_b(8, 2, 16)), 11.5);
  EXPECT_EQ(peak(interleaved_one_f_one_b(8, 4, 16)), 9.75);
}

TEST(Generate, RefusesNumbersBelowOne) {
  EXPECT_THROW((void)gpipe(0, 4), Failure);
  EXPECT_THROW((void)one_f_one_b(4, 0), Failure);
  EXPECT_THROW((void)interleaved_one_f_one_b(4, 0, 4), Failure);
  EXPECT_THROW((void)v_min(-1, 4), Failure);
}

}  // namespace
}  // namespace athanor::parallel
