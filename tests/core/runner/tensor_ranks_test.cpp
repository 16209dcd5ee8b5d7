#include "core/checkpoint/checkpoint.h"
#include "tests/core/runner/rank_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// SGD, since AdamW makes whole steps of gradients that are zero but for their last bits.
std::vector<std::string> on_tensor_ranks(int ranks, const std::vector<std::string>& more = {}) {
  std::vector<std::string> out;
  for (const std::string& setting :
       {std::string("train.optimizer=sgd"), std::string("train.learning_rate=0.02"), std::string("train.threads=1"),
        std::string("model.dropout=0.1"), std::string("model.image_heads=4"), std::string("model.text_heads=4"),
        "parallel.tensor=" + std::to_string(ranks)})
    out.insert(out.end(), {"--set", setting});
  for (const std::string& setting : more) out.insert(out.end(), {"--set", setting});
  return out;
}

checkpoint::Contents load(const fs::path& run, std::int64_t step) {
  return value_or_throw(checkpoint::load_step(run / "checkpoints", step)).contents;
}

// Of the length of each array.
void expect_near(const fs::path& run, const fs::path& other, std::int64_t step, double tolerated) {
  const checkpoint::Contents a = load(run, step), b = load(other, step);
  ASSERT_EQ(a.parameters.size(), b.parameters.size());
  std::map<std::string, const checkpoint::Array*> by_name;
  for (const checkpoint::Array& array : b.parameters) by_name[array.name] = &array;
  for (const checkpoint::Array& x : a.parameters) {
    ASSERT_EQ(by_name.count(x.name), 1U) << x.name;
    const checkpoint::Array& y = *by_name[x.name];
    ASSERT_EQ(x.shape, y.shape) << x.name;
    double difference = 0, length = 0;
    for (std::size_t k = 0; k < x.values.size(); ++k) {
      difference += std::pow(static_cast<double>(x.values[k]) - static_cast<double>(y.values[k]), 2);
      length += std::pow(static_cast<double>(y.values[k]), 2);
    }
    EXPECT_LE(std::sqrt(difference), tolerated * std::sqrt(length)) << x.name;
  }
}

// Whichever files they are in.
void expect_same_state(const fs::path& run, const fs::path& other, std::int64_t step) {
  const checkpoint::Contents a = load(run, step), b = load(other, step);
  const auto equal = [](const std::vector<checkpoint::Array>& some, const std::vector<checkpoint::Array>& others) {
    std::map<std::string, std::vector<float>> left, right;
    for (const checkpoint::Array& array : some) left[array.name] = array.values;
    for (const checkpoint::Array& array : others) right[array.name] = array.values;
    return !left.empty() && left == right;
  };
  EXPECT_TRUE(equal(a.parameters, b.parameters));
  EXPECT_TRUE(equal(a.optimizer, b.optimizer));
}

class TensorRanks : public Ranks {};

TEST_F(TensorRanks, InProcessesOfTheirOwnLearnWhatOneDoes) {
  ASSERT_EQ(train(own_ / "one", on_tensor_ranks(1)).status, 0);
  const auto wanted = read_run(own_ / "one").metrics;
  for (const char* sequence : {"false", "true"})
    for (const int ranks : {2, 4}) {
      const fs::path run = own_ / (std::to_string(ranks) + sequence);
      const Outcome done = train(run, on_tensor_ranks(ranks, {std::string("parallel.sequence=") + sequence}));
      ASSERT_EQ(done.status, 0) << done.err;
      const auto found = read_run(run).metrics;
      for (const char* name : {"train/loss", "train/gradient_norm", "eval/loss"})
        for (const auto& [step, value] : wanted.at(name))
          EXPECT_NEAR(found.at(name).at(step), value, 1e-5 * value) << name << " of step " << step;
      expect_near(run, own_ / "one", 30, 1e-5);
      EXPECT_GT(found.at("comm/sent_bytes").at(30), 0);
    }
}

TEST_F(TensorRanks, JudgeWithOneVoiceAndLeaveARunLikeAnyOther) {
  const fs::path run = own_ / "run";
  ASSERT_EQ(train(run, on_tensor_ranks(2)).status, 0);
  EXPECT_EQ(events_of_kind<journal::Evaluation>(run).size(), 3U);  // at 0, 15 and 30
  const Outcome judged = run_program({"eval", run.string(), "--json"});
  ASSERT_EQ(judged.status, 0) << judged.err;
  const Outcome exported = run_program({"export", run.string(), "--weights", (own_ / "w.safetensors").string()});
  EXPECT_EQ(exported.status, 0) << exported.err;
}

TEST_F(TensorRanks, StopAndGoOnWithTheSameBitsOrAsAnotherNumberOfThem) {
  const auto arguments = on_tensor_ranks(2, {"train.steps=120"});
  ASSERT_EQ(train(own_ / "whole", arguments).status, 0);
  const fs::path run = own_ / "run";
  const Outcome stopped = train(run, arguments, [&](int pid) {
    EXPECT_TRUE(wait_for_step(run, 30));
    ::kill(pid, SIGTERM);
  });
  ASSERT_EQ(stopped.status, 130) << stopped.err;
  fs::copy(run, own_ / "other", fs::copy_options::recursive);
  ASSERT_EQ(run_program({"train", run.string(), "--resume"}).status, 0);
  expect_same_state(run, own_ / "whole", 120);
  const Outcome other = run_program({"train", (own_ / "other").string(), "--resume", "--set", "parallel.tensor=4",
                                     "--set", "parallel.sequence=true"});
  ASSERT_EQ(other.status, 0) << other.err;
  expect_near(own_ / "other", own_ / "whole", 120, 1e-4);
}

TEST_F(TensorRanks, OfWhichOneIsLostGoOnFromWhatEachKeptInMemoryWithTheSameBits) {
  const auto arguments = on_tensor_ranks(2, {"train.steps=120"});
  ASSERT_EQ(train(own_ / "whole", arguments).status, 0);
  const fs::path run = own_ / "run";
  const Outcome lost = train(run, arguments, [&](int pid) {
    EXPECT_TRUE(wait_for_step(run, 30));
    const auto ranks = ranks_of(pid);
    ASSERT_EQ(ranks.size(), 2U);
    ::kill(ranks[1], SIGKILL);
  });
  ASSERT_EQ(lost.status, 0) << lost.err;
  const auto recoveries = events_of_kind<journal::Recovery>(run);
  ASSERT_EQ(recoveries.size(), 1U);
  EXPECT_THAT(recoveries[0].from, testing::AllOf(HasSubstr("rank 1"), HasSubstr("in memory")));
  EXPECT_GE(recoveries[0].step, 29);
  expect_same_state(run, own_ / "whole", 120);
}

TEST_F(TensorRanks, InReplicasLeaveTheBitsOfOneReplica) {
  ASSERT_EQ(train(own_ / "one", on_tensor_ranks(2, {"parallel.micro_batches=2"})).status, 0);
  const Outcome done = train(own_ / "two", on_tensor_ranks(2, {"parallel.micro_batches=2", "parallel.data=2"}));
  ASSERT_EQ(done.status, 0) << done.err;
  expect_same_state(own_ / "two", own_ / "one", 30);
}

TEST_F(TensorRanks, InASlowReplicaGetFewerMicroBatchesWithTheSameBits) {
  const std::vector<std::string> usual = {"parallel.micro_batches=4", "train.steps=160", "eval.every_steps=0",
                                          "checkpoint.every_steps=20"};
  ASSERT_EQ(train(own_ / "one", on_tensor_ranks(2, usual)).status, 0);
  auto slow = on_tensor_ranks(2, usual);
  slow.insert(slow.end(), {"--set", "parallel.data=2", "--set", "parallel.balance=checkpoints", "--inject",
                           "drag: rank=2 factor=4; drag: rank=3 factor=4"});
  const Outcome done = train(own_ / "slow", slow);
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_FALSE(events_of_kind<journal::WorkShifted>(own_ / "slow").empty());
  expect_same_state(own_ / "slow", own_ / "one", 160);
}

TEST_F(TensorRanks, BeginAForkWithItsParentsWeights) {
  ASSERT_EQ(train(own_ / "one", on_tensor_ranks(1)).status, 0);
  auto arguments = on_tensor_ranks(2);
  arguments.insert(arguments.end(), {"--fork", "20", "--from", (own_ / "one").string()});
  const Outcome fork = train(own_ / "fork", arguments);
  ASSERT_EQ(fork.status, 0) << fork.err;
  expect_same_state(own_ / "fork", own_ / "one", 20);
  expect_near(own_ / "fork", own_ / "one", 30, 1e-5);
}

TEST_F(TensorRanks, AreRefusedWhereTheModelDoesNotComeOutEven) {
  const Outcome odd = train(own_ / "odd", on_tensor_ranks(3));
  EXPECT_EQ(odd.status, 2);
  EXPECT_THAT(odd.err, HasSubstr("parallel.tensor: must divide the heads of the image tower (4), not 3"));
}

}  // namespace
}  // namespace athanor::runner
