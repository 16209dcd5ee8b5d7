#include "tests/gpu/emulation/grid.h"

#include "kernels/ops/elementwise/fill.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace athanor::emulation {
namespace {

TEST(EmulatedGrid, RunsEveryThreadOfEveryBlockOnce) {
  std::vector<int> visits(2 * 3 * 8 * 4);
  run_grid({2, 3}, {8, 4}, [&] {
    const unsigned block = blockIdx.y * gridDim.x + blockIdx.x, thread = threadIdx.y * blockDim.x + threadIdx.x;
    ++visits[block * 32 + thread];
  });
  EXPECT_EQ(visits, std::vector<int>(visits.size(), 1));
}

TEST(EmulatedGrid, ABarrierMakesTheWritesOfAllThreadsVisible) {
  std::vector<int> values(64), sums(64);
  run_grid(1, 64, [&] {
    values[threadIdx.x] = 1;
    wait_for_block();
    for (const int value : values) sums[threadIdx.x] += value;
  });
  EXPECT_EQ(sums, std::vector<int>(64, 64));
}

TEST(EmulatedGrid, WithoutABarrierTheOrderOfThreadsShows) {
  std::vector<std::vector<int>> seen;
  for (int launch = 0; launch < 2; ++launch) {
    std::vector<int> values(64), sums(64);
    run_grid(1, 64, [&] {
      values[threadIdx.x] = 1;
      for (const int value : values) sums[threadIdx.x] += value;
    });
    seen.push_back(sums);
  }
  EXPECT_NE(seen[0], seen[1]);
}

TEST(EmulatedGrid, LanesExchangeWithinTheirWarpAlsoWhenOthersHaveLeft) {
  std::vector<int> received(64, -1);
  run_grid(1, 64, [&] {
    if (threadIdx.x >= 32) return;
    const int first = exchange(static_cast<int>(threadIdx.x), lane() ^ 1);
    received[threadIdx.x] = exchange(first, lane() ^ 2);
  });
  for (int lane = 0; lane < 32; ++lane) EXPECT_EQ(received[static_cast<std::size_t>(lane)], lane ^ 3);
  EXPECT_EQ(received[32], -1);
}

TEST(EmulatedGrid, ABarrierThatSomeThreadsSkipForGoodIsPassedByTheRest) {
  int passed = 0;
  run_grid(1, 64, [&] {
    if (threadIdx.x < 32) return;
    wait_for_block();
    ++passed;
  });
  EXPECT_EQ(passed, 32);
}

TEST(EmulatedGrid, LanesThatWaitForDifferentThingsAreAFault) {
  EXPECT_THROW(run_grid(1, 32,
                        [] {
                          if (threadIdx.x < 16)
                            wait_for_block();
                          else
                            static_cast<void>(exchange(1, lane()));
                        }),
               std::logic_error);
}

// Guards against a program that quietly tests nothing.
TEST(EmulatedKernels, AreTheOnesThatAnOpReaches) {
  const auto before = grids_run();
  std::vector<float> values(100);
  kernels::fill(Exec{.device = {DeviceKind::cuda, 0}}, {.value = 2.0f, .y = View(values.data(), DType::f32, {100})});
  EXPECT_EQ(grids_run(), before + 1);
  EXPECT_EQ(values, std::vector<float>(100, 2.0f));
}

}  // namespace
}  // namespace athanor::emulation
