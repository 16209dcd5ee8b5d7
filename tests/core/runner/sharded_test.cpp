// The commands take a checkpoint that several ranks wrote as they take one of one writer.
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/shards.h"
#include "tests/core/checkpoint/thread_ranks.h"
#include "tests/core/runner/run_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <signal.h>

namespace athanor::runner {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing_support::TemporaryFolder;

constexpr int kRanks = 3;

// A third of every array, as a flat piece of it is: up to three boxes of a matrix.
void add_third(std::vector<checkpoint::Piece>& out, checkpoint::Section section, const checkpoint::Array& array,
               int rank) {
  const auto count = static_cast<std::int64_t>(array.values.size());
  const auto bytes = std::as_bytes(std::span(array.values));
  std::int64_t at = count * rank / kRanks;
  for (Box& box : boxes_of_range(array.shape, at, count * (rank + 1) / kRanks)) {
    const std::int64_t size = volume(box.extent);
    const auto part = bytes.subspan(static_cast<std::size_t>(at) * 4, static_cast<std::size_t>(size) * 4);
    out.push_back({section, array.name, "F32", array.shape, std::move(box), {part.begin(), part.end()}});
    at += size;
  }
}

// Writes every checkpoint of the run anew, by three ranks.
void make_sharded(const fs::path& folder) {
  for (const checkpoint::Saved& saved : checkpoint::saved(folder)) {
    const auto loaded = value_or_throw(checkpoint::load_step(folder, saved.step));
    checkpoint::ThreadMeeting meeting(kRanks);
    meeting.run([&](const checkpoint::Ranks& ranks) {
      checkpoint::ShardContents contents{loaded.contents.state, {}};
      for (const auto& array : loaded.contents.parameters)
        add_third(contents.pieces, checkpoint::Section::model, array, ranks.rank);
      for (const auto& array : loaded.contents.optimizer)
        add_third(contents.pieces, checkpoint::Section::optimizer, array, ranks.rank);
      EXPECT_TRUE(checkpoint::write_shards(folder, contents, 100, ranks));
    });
    EXPECT_TRUE(fs::exists(saved.folder / "shard-2-of-3.safetensors"));
    EXPECT_FALSE(fs::exists(saved.folder / "model.safetensors"));
  }
}

class Sharded : public testing::Test {
 protected:
  void SetUp() override {
    ATH_NEEDS_DATA();
    Launch launch;
    launch.arguments = train_arguments(plain_, {"--set", "train.steps=80", "--set", "checkpoint.every_steps=25"});
    launch.meanwhile = [&](int pid) {
      EXPECT_TRUE(wait_for_step(plain_, 30));
      ::kill(pid, SIGTERM);
    };
    ASSERT_EQ(launch_program(launch).status, 130);
    fs::copy(plain_, sharded_, fs::copy_options::recursive);
    make_sharded(sharded_ / "checkpoints");
  }
  [[nodiscard]] static json told(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const Outcome outcome = run_program(std::move(arguments));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return json::parse(outcome.out, nullptr, false);
  }

  TemporaryFolder folder_;
  const fs::path plain_ = folder_ / "plain", sharded_ = folder_ / "sharded";
};

TEST_F(Sharded, CheckpointsAreShownJudgedExportedAndForked) {
  const auto steps = [](const fs::path& run) {
    std::vector<std::int64_t> out;
    for (const json& one : told({"show", run.string()}).at("checkpoints")) out.push_back(one.at("step"));
    return out;
  };
  EXPECT_EQ(steps(sharded_), steps(plain_));
  EXPECT_EQ(told({"eval", sharded_.string()}).at("metrics"), told({"eval", plain_.string()}).at("metrics"));
  const auto weights = [&](const fs::path& run) {
    EXPECT_EQ(run_program({"export", run.string(), "--weights", (run / "w").string()}).status, 0);
    return bytes_of(run / "w");
  };
  EXPECT_TRUE(weights(sharded_) == weights(plain_));
  const Outcome forked = run_program(
      train_arguments(folder_ / "fork", {"--set", "train.steps=80", "--fork", "25", "--from", sharded_.string()}));
  EXPECT_EQ(forked.status, 0) << forked.err;
}

TEST_F(Sharded, CheckpointsAreResumedWithTheSameBits) {
  for (const fs::path& run : {plain_, sharded_})
    ASSERT_EQ(run_program({"train", "--run-dir", run.string(), "--resume"}).status, 0);
  for (const char* file : {"model.safetensors", "optimizer.safetensors"}) {
    const std::string bytes = bytes_of(sharded_ / "checkpoints/step-80" / file);
    EXPECT_FALSE(bytes.empty());
    EXPECT_TRUE(bytes == bytes_of(plain_ / "checkpoints/step-80" / file)) << file;
  }
}

}  // namespace
}  // namespace athanor::runner
