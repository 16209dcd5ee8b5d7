#include "tests/core/agent/torture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::agent {
namespace {

TEST(Torture, NeitherLosesNorDoublesWhatWasAcknowledged) {
  Home home;
  TortureSettings settings;
  settings.recipe = Home::recipe(1000000, "pace=1");
  const TortureReport report = torture(home, settings);
  EXPECT_THAT(report.faults, testing::IsEmpty());
  EXPECT_GE(report.rank_kills, 5);
  EXPECT_GE(report.agent_kills, 5);
  EXPECT_GT(report.steps, 0);
}

}  // namespace
}  // namespace athanor::agent
