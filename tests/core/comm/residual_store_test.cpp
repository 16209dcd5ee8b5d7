// What coding takes away, from step to step, from process to process.
#include "core/comm/residual_store.h"

#include "kernels/base/error.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace athanor::comm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A step that leaves one number with the sender and one with the owner.
void take(ResidualStore& store, std::int64_t step, float number, float unit = 1, bool finishes = true) {
  const auto version = store.begin("g", 1, 1, step, unit);
  version.next_sender[0] = number;
  version.next_owner[0] = -number;
  if (finishes) store.finish("g");
}

float kept_in(const ResidualStore& store) { return store.residuals().at("g").sender.at(0); }

TEST(ResidualStore, HoldsWhatTheLastFinishedStepHasLeft) {
  ResidualStore store;
  take(store, 1, 0.5F);
  take(store, 2, 0.25F);
  take(store, 3, 9, 1, /*finishes=*/false);
  EXPECT_EQ(kept_in(store), 0.25F);
  EXPECT_THAT(store.residuals().at("g").owner, ElementsAre(-0.25F));
  EXPECT_EQ(*store.begin("g", 1, 1, 3, 1).sender, 0.25F);
}

TEST(ResidualStore, GoesBackOneStepAndNoFurther) {
  ResidualStore store;
  for (const int step : {1, 2, 3}) take(store, step, static_cast<float>(step));
  EXPECT_TRUE(store.go_back(3));
  EXPECT_EQ(kept_in(store), 3);
  EXPECT_TRUE(store.go_back(2));
  EXPECT_EQ(kept_in(store), 2);
  EXPECT_FALSE(store.go_back(1));
}

TEST(ResidualStore, BeginsWithNothingAlsoAfterItsFirstStepWasLost) {
  ResidualStore store;
  take(store, 1, 1);
  EXPECT_TRUE(store.go_back(0));
  EXPECT_EQ(kept_in(store), 0);
}

TEST(ResidualStore, IsFoundByTheProcessThatTakesThePlaceOfOneThatDiedInTheMiddle) {
  const testing_support::TemporaryFolder folder;
  {
    ResidualStore store(folder / "residual-1");
    take(store, 1, 1);
    take(store, 2, 2);
    take(store, 3, 3, 1, /*finishes=*/false);
  }
  ResidualStore next(folder / "residual-1");
  EXPECT_EQ(next.count(), 1);
  EXPECT_TRUE(next.go_back(2));
  EXPECT_EQ(kept_in(next), 2);
  EXPECT_EQ(ResidualStore(folder / "residual-11").count(), 0);
  next.clear();
  EXPECT_EQ(ResidualStore(folder / "residual-1").count(), 0);
}

TEST(ResidualStore, PassesOverFilesThatAreNoneOfItsOwn) {
  const testing_support::TemporaryFolder folder;
  std::ofstream(folder / "residual-1-short") << "not one";
  std::ofstream(folder / "residual-1-long") << std::string(4096, 'x');
  EXPECT_EQ(ResidualStore(folder / "residual-1").count(), 0);
}

TEST(ResidualStore, SaysWhyWhatItKeepsWillNotOutliveTheProcess) {
  const testing_support::TemporaryFolder folder;
  ResidualStore here, there(folder / "0"), nowhere(folder / "missing" / "0");
  for (ResidualStore* store : {&here, &there, &nowhere}) {
    take(*store, 1, 2);
    EXPECT_EQ(kept_in(*store), 2);
  }
  EXPECT_THAT(here.trouble(), IsEmpty());
  EXPECT_THAT(there.trouble(), IsEmpty());
  EXPECT_THAT(nowhere.trouble(), testing::HasSubstr("missing"));
}

TEST(ResidualStore, ReadsInTheUnitOfTheStep) {
  ResidualStore store;
  take(store, 1, 8, /*unit=*/16);
  EXPECT_EQ(kept_in(store), 0.5F);
  const auto version = store.begin("g", 1, 1, 2, /*unit=*/4);
  EXPECT_EQ(version.factor * version.sender[0], 2);
}

TEST(ResidualStore, LeavesTheOwnersPartWhereItIsNotAskedFor) {
  ResidualStore store;
  take(store, 1, 3);
  store.begin("g", 1, ResidualStore::kUntouched, 2, 2).next_sender[0] = 1;
  store.finish("g");
  EXPECT_THAT(store.residuals().at("g").owner, ElementsAre(-3));
}

TEST(ResidualStore, TakesAnEmptyPartForZerosAndRefusesAnotherSize) {
  ResidualStore store;
  store.restore({{"g", {{1, 2}, {}}}}, 7);
  const auto version = store.begin("g", 2, 1, 8, 1);
  EXPECT_EQ(version.sender[1], 2);
  EXPECT_EQ(version.owner[0], 0);
  EXPECT_THROW((void)store.begin("g", 3, 1, 9, 1), Failure);
  store.clear();
  EXPECT_THAT(store.residuals(), IsEmpty());
}

}  // namespace
}  // namespace athanor::comm
