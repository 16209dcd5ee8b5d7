// Who is slower than the others: from figures, from what a rank tells, and in runs in which one is.
#include "core/ranks/stragglers.h"

#include "core/comm/group.h"
#include "core/parallel/generate.h"
#include "core/ranks/balance.h"
#include "core/ranks/stage_balance.h"
#include "core/ranks/work_watch.h"
#include "tests/core/runner/rank_runs.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <thread>

namespace athanor::runner {
namespace {

using journal::StragglerSeen;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

// Windows of ten steps, each with the same figures.
std::vector<StragglerSeen> feed(Stragglers& stragglers, int& windows, int count, const std::vector<double>& work) {
  std::vector<StragglerSeen> all;
  for (int i = 0; i < count; ++i, ++windows)
    for (StragglerSeen& seen : stragglers.take(windows * 10 + 1, windows * 10 + 10, work))
      all.push_back(std::move(seen));
  return all;
}

TEST(Stragglers, AreSeenOnceAfterSeveralWindowsAndOnceAgainWhenTheyHaveCaughtUp) {
  Stragglers stragglers({0, 0, 0, 0});
  int windows = 0;
  EXPECT_THAT(feed(stragglers, windows, 4, {10, 10.4, 9.8, 10}), IsEmpty());
  EXPECT_THAT(feed(stragglers, windows, 4, {10, 10, 20, 10}), IsEmpty());
  const auto seen = feed(stragglers, windows, 6, {10, 10, 20, 10});
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].rank, 2);
  EXPECT_EQ(seen[0].since, 41);
  EXPECT_EQ(seen[0].step, 90);
  EXPECT_NEAR(seen[0].slower, 0.97, 0.01);
  EXPECT_FALSE(seen[0].is_over);
  EXPECT_FALSE(seen[0].against_past);
  const auto over = feed(stragglers, windows, 6, {10, 10, 10, 10});
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over[0].rank, 2);
  EXPECT_TRUE(over[0].is_over);
}

// As where a step is settled in the next one's forward pass.
TEST(WorkWatch, CountsWorkToItsStepWhereTheNextOneHasBegun) {
  comm::run_threads(1, {}, [](comm::Group& group) {
    WorkWatch watch;
    watch.begin(group.world(), {});
    const auto tell = [&](std::int64_t step, std::int32_t micro_batch, std::int64_t ns) {
      watch.take(journal::Span{
          .kind = journal::SpanKind::forward, .step = step, .micro_batch = micro_batch, .begin_ns = 0, .end_ns = ns});
    };
    const std::int64_t last = 2 * WorkWatch::kSteps;
    tell(1, 0, 100);
    for (std::int64_t step = 1; step <= last; ++step) {
      tell(step, 1, 100);
      // Windows last so long at least.
      if (step % WorkWatch::kSteps == 2)
        std::this_thread::sleep_for(std::chrono::duration<double>(WorkWatch::kSeconds));
      tell(step + 1, 0, 300);
      watch.take(journal::MetricSamples{step, {{"train/loss", 1.0}, {"train/step_ms", 7.0}}});
      (void)watch.compare();
    }
    EXPECT_THAT(watch.work(), ElementsAre(200.0));
  });
}

TEST(Stragglers, AreNotThoseOfASingleBadWindowOrOfABandBetweenSlowAndCaughtUp) {
  Stragglers stragglers({0, 0});
  int windows = 0;
  for (int round = 0; round < 5; ++round) {
    EXPECT_THAT(feed(stragglers, windows, 1, {10, 13}), IsEmpty());
    EXPECT_THAT(feed(stragglers, windows, 3, {10, 10}), IsEmpty());
  }
  EXPECT_THAT(feed(stragglers, windows, 20, {10, 10.8}), IsEmpty());
  EXPECT_EQ(feed(stragglers, windows, 20, {10, 12}).size(), 1U);
  EXPECT_THAT(feed(stragglers, windows, 20, {10, 10.8}), IsEmpty());  // still one
}

TEST(Stragglers, AreFoundAmongReplicasOfTheirStageAlone) {
  Stragglers stragglers({0, 0, 1, 1});  // the second stage has more to do
  int windows = 0;
  EXPECT_THAT(feed(stragglers, windows, 10, {10, 10, 30, 30}), IsEmpty());
  EXPECT_THAT(feed(stragglers, windows, 10, {10, 10, 30, 40}), ElementsAre(Field(&StragglerSeen::rank, 3)));
}

TEST(Stragglers, WithoutPeersAreHeldAgainstTheirBeginningAndWhatBecameSlowerForAllIsNone) {
  Stragglers stragglers({0, 1, 2});
  int windows = 0;
  EXPECT_THAT(feed(stragglers, windows, 10, {10, 20, 15}), IsEmpty());
  EXPECT_THAT(feed(stragglers, windows, 10, {15, 30, 22.5}), IsEmpty());
  const auto seen = feed(stragglers, windows, 10, {15, 60, 22.5});
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].rank, 1);
  EXPECT_TRUE(seen[0].against_past);
}

TEST(Balance, GivesSharesByTheSpeedOfTheSlowestRankOfEachReplicaWhereThatIsWorthIt) {
  const parallel::Mesh mesh{.data = 2, .tensor = 2};
  const std::vector<std::int64_t> equal = {4, 4};
  const auto better = plan_shares(equal, mesh, std::vector<double>{10, 10, 10, 30}, 150);
  ASSERT_TRUE(better);
  EXPECT_THAT(better->shares, ElementsAre(6, 2));
  EXPECT_NEAR(better->gain, (120.0 - 60.0) / 150, 1e-9);
  EXPECT_FALSE(plan_shares(equal, mesh, std::vector<double>{10, 10, 10, 12}, 150));
  EXPECT_FALSE(plan_shares(equal, mesh, std::vector<double>{10, 10, 10, 30}, 5000));  // the rest of the step is longer
}

TEST(Balance, LeavesNoReplicaWithoutAMicroBatch) {
  const auto better = plan_shares(std::vector<std::int64_t>{4, 4}, {.data = 2}, std::vector<double>{1, 100}, 400);
  ASSERT_TRUE(better);
  EXPECT_THAT(better->shares, ElementsAre(7, 1));
}

TEST(Stragglers, WithOtherWorkAreHeldAgainstWhatItShouldTakeAndStaySeen) {
  Stragglers stragglers({0, 1, 2});
  int windows = 0;
  EXPECT_THAT(feed(stragglers, windows, 5, {10, 20, 15}), IsEmpty());
  EXPECT_EQ(feed(stragglers, windows, 12, {10, 60, 15}).size(), 1U);
  EXPECT_NEAR(stragglers.paces()[1], 3, 0.01);
  EXPECT_EQ(stragglers.paces()[0], 1);
  stragglers.expect({20, 5, 20});
  EXPECT_TRUE(stragglers.work().empty());
  EXPECT_THAT(feed(stragglers, windows, 10, {20, 15, 20}), IsEmpty());
  EXPECT_NEAR(stragglers.paces()[1], 3, 0.01);
  EXPECT_THAT(feed(stragglers, windows, 10, {20, 5, 20}),
              ElementsAre(AllOf(Field(&StragglerSeen::rank, 1), Field(&StragglerSeen::is_over, true))));
}

distributed::StagePlan plan_of(int ranks, int micro_batches, std::vector<std::size_t> begins) {
  return {parallel::one_f_one_b(ranks, micro_batches), std::move(begins), {}};
}

TEST(StageBalance, MovesLayersToWhereTheyTakeLessTimeWhereThatIsWorthIt) {
  const LayerWork even{std::vector<double>(8, 1.0), {1, 1}};
  const LayerWork slow{std::vector<double>(8, 1.0), {1, 3}};
  const LayerWork heavy{{1, 1, 1, 1, 1, 1, 1, 5}, {1, 1}};
  const auto half = plan_of(2, 8, {0, 4});
  EXPECT_FALSE(plan_cut(half, even, 40));
  const auto better = plan_cut(half, slow, 120);
  ASSERT_TRUE(better);
  EXPECT_THAT(better->begins, ElementsAre(0, 6));
  EXPECT_GT(better->gain, 0.3);
  EXPECT_FALSE(plan_cut(half, slow, 5000));  // the rest of the step is longer
  const auto by_layers = plan_cut(half, heavy, 70);
  ASSERT_TRUE(by_layers);
  EXPECT_THAT(by_layers->begins, ElementsAre(0, 6));
}

// Of a V with two stages a rank those of the ends, and those of the middle, are of one rank.
TEST(StageBalance, SeesTheStagesOfARankTogether) {
  const LayerWork slow{std::vector<double>(10, 1.0), {1, 4}};
  const distributed::StagePlan plan{parallel::zb_v(2, 8), {0, 2, 5, 8}, {}};
  const auto better = plan_cut(plan, slow, 100);
  ASSERT_TRUE(better);
  EXPECT_EQ(better->begins[3] - better->begins[1], 2U);  // a layer each, for it has to have some
}

TEST(StageBalance, KeepsWhatItKnowsForWhoeverJoins) {
  const testing_support::TemporaryFolder folder;
  const LayerWork work{{0.1, 1.0 / 3, 7e9}, {1, 2.0000000001}};
  write_layer_work(folder / "cut", work);
  EXPECT_EQ(read_layer_work(folder / "cut"), work);
  value_or_throw(write_file_atomically(folder / "cut", "{\"layers\": [1,"));
  EXPECT_THROW((void)read_layer_work(folder / "cut"), Failure);
}

class SlowRanks : public Ranks {
 protected:
  static std::vector<std::string> arguments(int steps, std::vector<std::string> more) {
    std::vector<std::string> out = on_ranks(1, steps);
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  static std::vector<StragglerSeen> seen_of(const std::filesystem::path& run, int rank) {
    std::vector<StragglerSeen> out;
    for (const StragglerSeen& each : events_of_kind<StragglerSeen>(run))
      if (each.rank == rank) out.push_back(each);
    return out;
  }
};

TEST_F(SlowRanks, AreNamedInTheJournalWithWhatToDo) {
  const std::filesystem::path run = own_ / "run";
  const Outcome done =
      train(run, arguments(1200, {"--set", "eval.every_steps=0", "--set", "checkpoint.every_steps=0", "--set",
                                  "parallel.data=2", "--inject", "drag: rank=1 step=33 factor=4"}));
  ASSERT_EQ(done.status, 0) << done.err;
  const auto seen = seen_of(run, 1);
  ASSERT_FALSE(seen.empty());
  EXPECT_GE(seen[0].since, 17);
  EXPECT_GT(seen[0].slower, 0.5);
  EXPECT_THAT(seen[0].remedy, HasSubstr("what else runs"));
  EXPECT_FALSE(seen[0].is_over);
  const Outcome shown = run_program({"show", run.string()});
  EXPECT_THAT(shown.out, HasSubstr("rank 1 takes"));
  const auto told = nlohmann::json::parse(run_program({"show", run.string(), "--json"}).out).at("stragglers");
  EXPECT_EQ(told.at(0).at("rank"), 1);
  EXPECT_THAT(done.err, HasSubstr("Rank 1 takes"));
}

TEST_F(SlowRanks, AreFoundInAPipelineByWhatTheyTookBefore) {
  const std::filesystem::path run = own_ / "run";
  const Outcome done =
      train(run, arguments(600, {"--set", "eval.every_steps=0", "--set", "checkpoint.every_steps=0", "--set",
                                 "parallel.pipeline=2", "--inject", "drag: rank=1 step=400 factor=4"}));
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(seen_of(run, 1), Contains(AllOf(Field(&StragglerSeen::against_past, true),
                                              Field(&StragglerSeen::slower, testing::Gt(0.5)))));
}

TEST_F(SlowRanks, GetFewerMicroBatchesAtTheNextCheckpointAndTheBitsStayThoseOfOneProcess) {
  const auto eight = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"--set", "parallel.micro_batches=8", "--set", "eval.every_steps=0"});
    return arguments(500, std::move(more));
  };
  const std::filesystem::path one = own_ / "one", run = own_ / "run";
  ASSERT_EQ(train(one, eight({})).status, 0);
  const Outcome done = train(run, eight({"--set", "parallel.data=2", "--set", "parallel.balance=checkpoints",
                                         "--inject", "drag: rank=1 factor=5; kill: rank=0 step=450"}));
  ASSERT_EQ(done.status, 0) << done.err;
  expect_undisturbed(run, one, 500);
  const auto shifted = events_of_kind<journal::WorkShifted>(run);
  ASSERT_FALSE(shifted.empty());
  EXPECT_EQ(shifted[0].from, "4, 4");
  EXPECT_THAT(shifted[0].to, testing::AnyOf("6, 2", "7, 1"));
  EXPECT_EQ(shifted[0].step % 20, 0);
  EXPECT_GT(shifted[0].gain, Balance::kWorthIt);
  EXPECT_THAT(run_program({"show", run.string()}).out, HasSubstr("micro-batches instead of 4, 4"));
}

class MovedLayers : public SlowRanks {
 protected:
  static std::vector<std::string> on_pipeline(std::vector<std::string> more) {
    more.insert(more.begin(), {"--set", "parallel.micro_batches=8", "--set", "eval.every_steps=0"});
    return arguments(500, std::move(more));
  }
  static std::vector<std::string> on_stages(const std::string& faults, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--set", "parallel.pipeline=2", "--set", "parallel.balance=checkpoints", "--inject",
                               "drag: rank=1 factor=5" + faults});
    return on_pipeline(std::move(more));
  }
  // What was moved, and that it left the numbers alone.
  std::vector<journal::WorkShifted> moved(const std::filesystem::path& run, const std::filesystem::path& one) {
    EXPECT_TRUE(contents_of(run, 500) == contents_of(one, 500));
    EXPECT_EQ(read_run(run).metrics.at("train/loss"), read_run(one).metrics.at("train/loss"));
    auto out = events_of_kind<journal::WorkShifted>(run);
    EXPECT_FALSE(out.empty());
    for (const journal::WorkShifted& each : out) {
      EXPECT_TRUE(each.is_of_layers);
      EXPECT_EQ(each.step % 20, 0);
      EXPECT_NE(each.from, each.to);
    }
    return out;
  }
};

TEST_F(MovedLayers, LeaveTheBitsOfOneProcessAlsoWhereRanksAreLostAfterwards) {
  const std::filesystem::path one = own_ / "one", run = own_ / "run", disk = own_ / "disk";
  ASSERT_EQ(train(one, on_pipeline({})).status, 0);
  const Outcome done =
      train(run, on_stages("; kill: rank=1 step=60 at=checkpoint; kill: rank=0 step=80 at=save; kill: rank=0 step=450; "
                           "kill: rank=1 step=470"));
  ASSERT_EQ(done.status, 0) << done.err;
  (void)moved(run, one);
  EXPECT_THAT(run_program({"show", run.string()}).out, HasSubstr("layers instead of"));
  for (const journal::Recovery& back : events_of_kind<journal::Recovery>(run))
    EXPECT_TRUE(back.step < 400 || back.from.find("memory") != std::string::npos) << back.from;
  const Outcome from_disk = train(disk, on_stages("; kill: rank=1 step=450", {"--set", "checkpoint.in_memory=false"}));
  ASSERT_EQ(from_disk.status, 0) << from_disk.err;
  (void)moved(disk, one);
}

TEST_F(MovedLayers, LeaveTheBitsOfOneProcessWithTwoStagesOnEachRankAndWithReplicasThatShareTheState) {
  const std::filesystem::path one = own_ / "one", v = own_ / "v", shared = own_ / "shared";
  ASSERT_EQ(train(one, on_pipeline({})).status, 0);
  const Outcome done = train(v, on_stages("", {"--set", "parallel.schedule=zb-v"}));
  ASSERT_EQ(done.status, 0) << done.err;
  (void)moved(v, one);
  const Outcome both = train(shared, on_stages("", {"--set", "parallel.data=2", "--set", "parallel.shard=optimizer"}));
  ASSERT_EQ(both.status, 0) << both.err;
  (void)moved(shared, one);
}

}  // namespace
}  // namespace athanor::runner
