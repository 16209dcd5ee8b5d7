#include "kernels/cpu/parallel.h"

#include "kernels/base/error.h"
#include "kernels/base/launch.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/elementwise/fill.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace athanor::kernels::cpu {
namespace {

TEST(ParallelFor, RunsEveryBlockOnce) {
  for (const int threads : {0, 1, 2, 5})
    for (const std::int64_t blocks : {0, 1, 3, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(blocks));
      parallel_for(threads, blocks, [&](std::int64_t block, int worker) {
        EXPECT_GE(worker, 0);
        EXPECT_LT(worker, std::max(threads, 1));
        ++runs[static_cast<std::size_t>(block)];
      });
      for (const auto& count : runs) EXPECT_EQ(count, 1);
    }
}

TEST(ParallelFor, AWorkerRunsOneBlockAtATime) {
  std::atomic<int> inside[4] = {};
  std::atomic<bool> doubled = false;
  for (int round = 0; round < 200; ++round)
    parallel_for(4, 16, [&](std::int64_t, int worker) {
      if (inside[worker].fetch_add(1) != 0) doubled = true;
      inside[worker].fetch_sub(1);
    });
  EXPECT_FALSE(doubled);
}

TEST(ParallelFor, HandsOnTheFirstExceptionAndStaysUsable) {
  EXPECT_THROW(parallel_for(3, 100,
                            [](std::int64_t block) {
                              if (block == 17) throw Failure(ErrorKind::numeric, "test", "block 17");
                            }),
               Failure);
  std::atomic<int> runs = 0;
  parallel_for(3, 100, [&](std::int64_t) { ++runs; });
  EXPECT_EQ(runs, 100);
}

TEST(ParallelFor, NestedAndConcurrentCallsFinish) {
  std::atomic<int> runs = 0;
  const auto work = [&] {
    for (int round = 0; round < 50; ++round)
      parallel_for(2, 8, [&](std::int64_t) { parallel_for(2, 4, [&](std::int64_t) { ++runs; }); });
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(runs, 2 * 50 * 8 * 4);
}

TEST(ParallelFor, WidthsMayChangeFromCallToCall) {
  std::atomic<int> runs = 0;
  for (int round = 0; round < 300; ++round) parallel_for(1 + round % 4, 8, [&](std::int64_t) { ++runs; });
  EXPECT_EQ(runs, 300 * 8);
}

struct Recorder : TraceSink {
  std::string text;
  void begin(const char* op) noexcept override { text += std::string("<") + op; }
  void end(const char*) noexcept override { text += ">"; }
};

TEST(Launch, TellsTheSink) {
  float value = 0.0f;
  Recorder recorder;
  Exec exec;
  exec.trace = &recorder;
  fill(exec, {.value = 3.0f, .y = View(&value, DType::f32, {1})});
  EXPECT_EQ(value, 3.0f);
  EXPECT_EQ(recorder.text, "<fill>");
}

TEST(WorkspaceCutter, CountsWhatItCutsAndRefusesTooLittle) {
  const auto lay_out = [](WorkspaceCutter& cutter) {
    cutter.take<float>(3);
    return cutter.take<double>(5);
  };
  WorkspaceCutter counting;
  EXPECT_EQ(lay_out(counting), nullptr);
  std::vector<std::byte> memory(counting.bytes() + 1);
  Exec exec;
  exec.workspace = memory.data() + 1;
  exec.workspace_bytes = counting.bytes();
  WorkspaceCutter cutting(exec);
  const auto* part = reinterpret_cast<std::byte*>(lay_out(cutting));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(part) % WorkspaceCutter::kAlignment, 0u);
  EXPECT_LE(part + 5 * sizeof(double), memory.data() + memory.size());
  exec.workspace_bytes = 64;
  WorkspaceCutter small(exec);
  EXPECT_THROW(lay_out(small), Failure);
}

TEST(Launch, SaysWhichCandidateWasTakenAndWhyOthersWereNot) {
  const Candidate<int> list[] = {
      {"first", [](const Exec&, const int& n) { return n > 3 ? "too large" : nullptr; }, nullptr},
      {"second", nullptr, nullptr}};
  EXPECT_EQ(describe_choice<int>(Exec{}, 5, list), "first: too large\nsecond: taken\n");
  EXPECT_EQ(describe_choice<int>(Exec{}, 2, list), "first: taken\n");
  EXPECT_STREQ(choose<int>(Exec{}, 5, list).name, "second");
}

}  // namespace
}  // namespace athanor::kernels::cpu
