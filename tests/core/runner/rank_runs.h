// Runs on several ranks, and what is expected of them.
#pragma once

#include "core/base/files.h"
#include "core/checkpoint/checkpoint.h"
#include "tests/core/runner/run_program.h"

#include <gtest/gtest.h>

#include <map>
#include <signal.h>
#include <sstream>
#include <string>
#include <vector>

namespace athanor::runner {

inline std::vector<std::string> on_ranks(int replicas, int steps = 60) {
  return {"--set", "train.steps=" + std::to_string(steps),
          "--set", "parallel.micro_batches=4",
          "--set", "parallel.data=" + std::to_string(replicas),
          "--set", "checkpoint.every_steps=20",
          "--set", "train.threads=1"};
}

// The ranks that a program has started, in their order.
inline std::vector<int> ranks_of(int program) {
  std::vector<int> out;
  const std::string name = std::to_string(program);
  std::istringstream words(read_file(std::filesystem::path("/proc") / name / "task" / name / "children").value_or(""));
  for (int child = 0; words >> child;) out.push_back(child);
  return out;
}

inline bool lives(int process) { return ::kill(process, 0) == 0; }

inline void expect_same_weights(const std::filesystem::path& run, const std::filesystem::path& other,
                                const std::string& step) {
  for (const char* file : {"model.safetensors", "optimizer.safetensors"}) {
    const std::string bytes = bytes_of(run / "checkpoints" / step / file);
    EXPECT_FALSE(bytes.empty());
    EXPECT_TRUE(bytes == bytes_of(other / "checkpoints" / step / file)) << file;
  }
}

using Numbers = std::map<std::string, std::vector<float>>;

// Everything that a checkpoint holds, whoever wrote it.
inline Numbers contents_of(const std::filesystem::path& run, std::int64_t step) {
  const auto loaded = value_or_throw(checkpoint::load_step(run / "checkpoints", step));
  Numbers out;
  for (const auto* arrays : {&loaded.contents.parameters, &loaded.contents.optimizer})
    for (const checkpoint::Array& array : *arrays) out[array.name] = array.values;
  return out;
}

// What happened to ranks changes no bit of what the run leaves, and its history has every step once.
inline void expect_undisturbed(const std::filesystem::path& run, const std::filesystem::path& other,
                               std::int64_t steps) {
  expect_same_weights(run, other, "step-" + std::to_string(steps));
  const Replay replayed = read_run(run);
  EXPECT_EQ(replayed.state.state, journal::RunState::finished);
  for (const char* metric : {"train/loss", "eval/t2i_r1"})
    EXPECT_EQ(replayed.metrics.at(metric), read_run(other).metrics.at(metric)) << metric;
}

class Ranks : public testing::Test {
 protected:
  void SetUp() override { ATH_NEEDS_DATA(); }
  Outcome train(const std::filesystem::path& run, const std::vector<std::string>& more,
                std::function<void(int)> meanwhile = {}) {
    Launch launch;
    launch.arguments = train_arguments(run, more);
    launch.meanwhile = std::move(meanwhile);
    return launch_program(launch);
  }
  testing_support::TemporaryFolder own_;
};

}  // namespace athanor::runner
