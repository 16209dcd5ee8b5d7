#include "tests/gpu/emulation/stream.h"

#include "core/tensor/context.h"
#include "kernels/base/error.h"
#include "kernels/ops/elementwise/fill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace athanor::emulation {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

ContextOptions on_device() { return {.device = {DeviceKind::cuda, 0}}; }

TEST(ContextStream, IsItsOwnAndLeavesWorkQueuedUntilSomebodyReads) {
  Context context(on_device());
  ASSERT_NE(context.exec().stream, nullptr);
  const Tensor x = context.upload(std::vector<float>{1, 2}, {2});
  const Tensor y = context.empty({2});
  context.copy(x, y);
  EXPECT_TRUE(std::isnan(static_cast<const float*>(y.view().data)[0])) << "the copy did not wait";
  EXPECT_THAT(context.download(y), ElementsAre(1, 2));
}

TEST(ContextStream, ReadsCountsAndWritesInOrderWithKernels) {
  Context context(on_device());
  const Tensor x = context.full({3}, 5.0f), y = context.clone(x);
  context.write(x, std::vector<float>{1, 2, 3});
  context.copy(x, y);
  EXPECT_THAT(context.read<float>(y), ElementsAre(1, 2, 3));
}

// The emulated device does not wait in cudaFree, as a real one need not.
TEST(ContextStream, IsEmptyBeforeMemoryIsGivenBack) {
  Context context(on_device());
  const Tensor y = context.empty({1000});
  {
    const Tensor x = context.full({1000}, 7.0f);
    context.copy(x, y);
  }
  context.allocator().trim();
  EXPECT_THAT(context.download(y), Each(7.0f));
}

TEST(ContextStream, ABlockThatIsHandedOutAgainKeepsTheOrderOfItsUsers) {
  Context context(on_device());
  const Tensor first = context.empty({1000}), second = context.empty({1000});
  for (const auto& [value, to] : {std::pair{1.0f, first}, std::pair{2.0f, second}})
    context.copy(context.full({1000}, value), to);
  EXPECT_THAT(context.download(first), Each(1.0f));
  EXPECT_THAT(context.download(second), Each(2.0f));
}

TEST(ContextStream, OfADryRunIsNone) {
  EXPECT_EQ(Context({.device = {DeviceKind::cuda, 0}, .dry = true}).exec().stream, nullptr);
}

TEST(ContextStream, GivesAllMemoryBack) {
  const auto before = counts().blocks;
  {
    Context context(on_device());
    const Tensor x = context.full({1000}, 7.0f);
    context.allocator().use_pool(context.allocator().make_pool());
    const Tensor y = context.full({1000}, 7.0f);
  }
  EXPECT_EQ(counts().blocks, before);
}

TEST(EmulatedCapture, KeepsTheArgumentsOfItsLaunchesAndDoesNothingYet) {
  Context context(on_device());
  const Tensor x = context.full({4}, 0.0f);
  context.stream().wait();
  context.stream().begin_recording();
  context.launch("fill", kernels::fill, kernels::FillArgs{.value = 3.0f, .y = x.view()});
  const auto work = context.stream().end_recording();
  ASSERT_NE(work, nullptr);
  EXPECT_EQ(work->launches(), 1u);
  EXPECT_THAT(context.download(x), Each(0.0f));
  const auto launches = counts().launches;
  work->replay();
  EXPECT_EQ(counts().launches, launches + 1);
  EXPECT_THAT(context.download(x), Each(3.0f));
}

TEST(EmulatedCapture, IsBrokenByNewMemory) {
  Context context(on_device());
  context.stream().begin_recording();
  EXPECT_THROW((void)context.empty({1 << 20}), Failure);
  EXPECT_EQ(context.stream().end_recording(), nullptr);
}

}  // namespace
}  // namespace athanor::emulation
