#include "core/base/files.h"
#include "core/checkpoint/checkpoint.h"
#include "core/journal/reader.h"
#include "tests/core/runner/rank_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <thread>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST_F(Ranks, InProcessesOfTheirOwnLeaveTheBitsOfOne) {
  ASSERT_EQ(train(own_ / "one", on_ranks(1)).status, 0);
  for (const int replicas : {2, 4}) {
    const fs::path run = own_ / std::to_string(replicas);
    const Outcome done = train(run, on_ranks(replicas));
    ASSERT_EQ(done.status, 0) << done.err;
    expect_same_weights(run, own_ / "one", "step-60");
    EXPECT_EQ(read_run(run).metrics.at("train/loss"), read_run(own_ / "one").metrics.at("train/loss"));
  }
}

TEST_F(Ranks, StopTogetherAndGoOnAsAnyOtherNumberOfThem) {
  ASSERT_EQ(train(own_ / "one", on_ranks(1, 200)).status, 0);
  const fs::path run = own_ / "run";
  std::vector<int> ranks;
  const Outcome stopped = train(run, on_ranks(2, 200), [&](int pid) {
    EXPECT_TRUE(wait_for_step(run, 30));
    ranks = ranks_of(pid);
    ::kill(pid, SIGTERM);
  });
  EXPECT_EQ(stopped.status, 130) << stopped.err;
  ASSERT_EQ(ranks.size(), 2U);
  for (const int rank : ranks) EXPECT_FALSE(lives(rank));
  const Replay replayed = read_run(run);
  EXPECT_EQ(replayed.state.state, journal::RunState::stopped);
  EXPECT_EQ(checkpoint::steps(run / "checkpoints").back(), replayed.metrics.at("train/loss").rbegin()->first);
  const Outcome resumed = run_program({"train", run.string(), "--resume", "--set", "parallel.data=4"});
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  expect_same_weights(run, own_ / "one", "step-200");
}

TEST_F(Ranks, GoTogetherToTheStepTheyWereToReachAndThenOn) {
  ASSERT_EQ(train(own_ / "one", on_ranks(1)).status, 0);
  for (const char* shard : {"none", "parameters"}) {
    const fs::path run = own_ / shard;
    auto arguments = on_ranks(2);
    arguments.insert(arguments.end(), {"--until", "30", "--set", std::string("parallel.shard=") + shard});
    const Outcome stopped = train(run, arguments);
    ASSERT_EQ(stopped.status, 130) << stopped.err;
    EXPECT_EQ(read_run(run).metrics.at("train/loss").rbegin()->first, 30);
    EXPECT_EQ(checkpoint::steps(run / "checkpoints").back(), 30);
    const Outcome resumed = run_program({"train", run.string(), "--resume"});
    ASSERT_EQ(resumed.status, 0) << resumed.err;
    EXPECT_EQ(contents_of(run, 60), contents_of(own_ / "one", 60));
  }
}

TEST_F(Ranks, OfWhichAnyIsKilledGoOnWithAnotherInItsPlaceAndTheSameBits) {
  ASSERT_EQ(train(own_ / "one", on_ranks(1, 200)).status, 0);
  for (const std::size_t lost : {0U, 2U}) {
    const fs::path run = own_ / ("lost-" + std::to_string(lost));
    const Outcome done = train(run, on_ranks(4, 200), [&](int pid) {
      EXPECT_TRUE(wait_for_step(run, 30));
      const auto ranks = ranks_of(pid);
      ASSERT_EQ(ranks.size(), 4U);
      ::kill(ranks[lost], SIGKILL);
    });
    ASSERT_EQ(done.status, 0) << done.err;
    expect_undisturbed(run, own_ / "one", 200);
    const auto recoveries = events_of_kind<journal::Recovery>(run);
    ASSERT_EQ(recoveries.size(), 1U);
    EXPECT_GE(recoveries[0].step, 30);  // and not a checkpoint's 20
    EXPECT_THAT(recoveries[0].from, HasSubstr("rank " + std::to_string(lost)));
  }
}

TEST_F(Ranks, OfWhichOneHangsAreRidOfItAfterTheDeadline) {
  ASSERT_EQ(train(own_ / "one", on_ranks(1, 120)).status, 0);
  const fs::path run = own_ / "run";
  auto arguments = on_ranks(2, 120);
  arguments.insert(arguments.end(), {"--set", "parallel.deadline=2"});
  const Outcome done = train(run, arguments, [&](int pid) {
    EXPECT_TRUE(wait_for_step(run, 30));
    const auto ranks = ranks_of(pid);
    ASSERT_EQ(ranks.size(), 2U);
    ::kill(ranks[1], SIGSTOP);
  });
  ASSERT_EQ(done.status, 0) << done.err;
  expect_undisturbed(run, own_ / "one", 120);
  EXPECT_THAT(events_of_kind<journal::FaultSeen>(run).at(0).cause, HasSubstr("rank 1"));
}

TEST_F(Ranks, EndWithTheOneThatStartedThem) {
  const fs::path run = own_ / "run";
  std::vector<int> ranks;
  (void)train(run, on_ranks(2, 100'000), [&](int pid) {
    EXPECT_TRUE(wait_for_step(run, 25));
    ranks = ranks_of(pid);
    ::kill(pid, SIGKILL);
  });
  ASSERT_EQ(ranks.size(), 2U);
  for (int tries = 0; tries < 100 && (lives(ranks[0]) || lives(ranks[1])); ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  for (const int rank : ranks) EXPECT_FALSE(lives(rank));
  EXPECT_EQ(read_run(run).state.state, journal::RunState::stopped);  // with a checkpoint of what was done
}

TEST_F(Ranks, OtherThanTheFirstTellWhatTheyDidAndWhenInJournalsOfTheirOwn) {
  const fs::path run = own_ / "run";
  ASSERT_EQ(train(run, on_ranks(2, 20)).status, 0);
  std::set<std::int64_t> steps;
  std::map<journal::SpanKind, int> kinds;
  (void)replay(run / journal::file_name(1), [&](const journal::Event& event) {
    const auto* span = std::get_if<journal::Span>(&event.payload);
    if (span == nullptr) return;
    EXPECT_EQ(span->rank, 1);
    EXPECT_LE(span->begin_ns, span->end_ns);
    steps.insert(span->step);
    ++kinds[span->kind];
  });
  EXPECT_EQ(steps.size(), 20U);
  EXPECT_EQ(kinds[journal::SpanKind::reduce], 2 * 20);  // features, and gradients
  EXPECT_EQ(kinds[journal::SpanKind::optimizer], 20);
  EXPECT_THAT(bytes_of(run / "logs/rank-1.log"), HasSubstr("Rank 1 ended after step 20"));
}

TEST_F(Ranks, AreRefusedWhereTheirNumbersDoNotFit) {
  const Outcome odd = train(own_ / "odd", {"--set", "parallel.data=2", "--set", "parallel.micro_batches=3"});
  EXPECT_EQ(odd.status, 2);
  EXPECT_THAT(odd.err, HasSubstr("parallel.micro_batches: must be a multiple of parallel.data (2): they share them"));
  const Outcome uneven = train(own_ / "uneven", {"--set", "parallel.micro_batches=5"});
  EXPECT_EQ(uneven.status, 2);
  EXPECT_THAT(uneven.err, HasSubstr("parallel.micro_batches: must divide data.batch_size (32)"));
  const Outcome scaled = train(own_ / "scaled", {"--set", "parallel.data=2", "--set", "parallel.micro_batches=2",
                                                 "--set", "precision.policy=fp8-delayed"});
  EXPECT_EQ(scaled.status, 2);
  EXPECT_THAT(scaled.err, HasSubstr("parallel.micro_batches: must be 1 with precision.policy = fp8-delayed"));
  EXPECT_THAT(scaled.err, HasSubstr("--set parallel.data=1 --set parallel.micro_batches=1 would do"));
  EXPECT_FALSE(fs::exists(own_ / "odd"));
}

TEST_F(Ranks, OfARunThatGoesOnAreAdvisedWithoutWhatMustStay) {
  const fs::path run = own_ / "run";
  ASSERT_EQ(train(run, {"--set", "parallel.data=2", "--set", "parallel.micro_batches=4", "--set", "train.steps=4",
                        "--set", "train.warmup_steps=1"})
                .status,
            0);
  const Outcome refused = run_program({"train", run.string(), "--resume", "--set", "parallel.data=3"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("parallel.micro_batches: must be a multiple of parallel.data (3)"));
  EXPECT_THAT(refused.err, HasSubstr("; --set parallel.data=4 would do"));
  EXPECT_EQ(run_program({"train", run.string(), "--resume", "--set", "parallel.data=4"}).status, 0);
}

}  // namespace
}  // namespace athanor::runner
