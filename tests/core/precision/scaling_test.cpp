#include "core/precision/amax_history.h"
#include "core/precision/loss_scaler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace athanor::precision {
namespace {

TEST(LossScaler, DoublesAfterGoodStepsAndForgivesBeforeHalving) {
  LossScaler scaler({.start = 1024, .floor = 2, .growth_interval = 3, .hysteresis = 2});
  for (int i = 0; i < 2; ++i) scaler.count_good_step();
  EXPECT_EQ(scaler.scale(), 1024);
  scaler.count_good_step();
  EXPECT_EQ(scaler.scale(), 2048) << "three good steps in a row";
  EXPECT_TRUE(scaler.count_overflow());
  EXPECT_EQ(scaler.scale(), 2048) << "the first overflow is forgiven";
  EXPECT_TRUE(scaler.count_overflow());
  EXPECT_EQ(scaler.scale(), 1024);
  EXPECT_TRUE(scaler.count_overflow());
  EXPECT_EQ(scaler.scale(), 512) << "forgiveness returns with growth only";
}

TEST(LossScaler, SaysWhenTheFloorIsReached) {
  LossScaler scaler({.start = 8, .floor = 2, .growth_interval = 100, .hysteresis = 1});
  EXPECT_TRUE(scaler.count_overflow());
  EXPECT_TRUE(scaler.count_overflow());
  EXPECT_EQ(scaler.scale(), 2);
  EXPECT_FALSE(scaler.count_overflow());
  EXPECT_EQ(scaler.scale(), 2);
}

TEST(LossScaler, StaysAPowerOfTwoAndGoesOnFromItsState) {
  LossScaler scaler({.start = 65536, .floor = 1, .growth_interval = 2, .hysteresis = 2});
  for (int i = 0; i < 200; ++i) i % 7 == 3 ? (void)scaler.count_overflow() : scaler.count_good_step();
  int exponent = 0;
  EXPECT_EQ(std::frexp(scaler.scale(), &exponent), 0.5);
  LossScaler again({.start = 65536, .floor = 1, .growth_interval = 2, .hysteresis = 2});
  again.set_state(scaler.state());
  scaler.count_good_step(), again.count_good_step();
  EXPECT_EQ(again.state(), scaler.state());
}

TEST(AmaxHistory, ScalesByTheLargestOfTheRememberedSteps) {
  AmaxHistory history({.history = 3, .margin = 0}, 448);
  EXPECT_FALSE(history.scale()) << "nothing was seen";
  history.roll(896);
  EXPECT_EQ(history.scale(), 2.0f);
  history.roll(448);
  history.roll(448);
  EXPECT_EQ(history.scale(), 2.0f);
  history.roll(448);
  EXPECT_EQ(history.scale(), 1.0f) << "the largest is forgotten after three steps";
}

TEST(AmaxHistory, KeepsTheScaleWhenNothingCanBeLearnt) {
  AmaxHistory history({.history = 2, .margin = 1}, 448);
  history.roll(448);
  EXPECT_EQ(history.scale(), 2.0f) << "the margin leaves room for twice as much";
  history.roll(std::numeric_limits<double>::quiet_NaN());
  history.roll(std::numeric_limits<double>::infinity());
  history.roll(0);
  EXPECT_EQ(history.scale(), 2.0f);
}

}  // namespace
}  // namespace athanor::precision
