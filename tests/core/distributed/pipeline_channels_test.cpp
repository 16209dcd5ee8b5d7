#include "core/distributed/pipeline_channels.h"

#include "core/parallel/validate.h"
#include "tests/core/distributed/schedules.h"

#include <gtest/gtest.h>

namespace athanor::distributed {
namespace {

using parallel::Op;
using parallel::OpKind;
using parallel::Schedule;

TEST(PipelineChannels, HoldTheSendsOfEachOrderedPairInOrder) {
  const auto channels = channels_of(test::lowered(parallel::gpipe(3, 2)));
  ASSERT_EQ(channels.size(), 4U);
  const std::vector<Op> expected{{OpKind::send_forward, 1, 0}, {OpKind::send_forward, 1, 1}};
  EXPECT_EQ(channels.at({1, 2}), expected);
}

TEST(PipelineChannels, OfStaticSchedulesNeedNoMoreThanTwoBuffers) {
  for (const int p : {1, 2, 4, 8})
    for (const int m : {1, 4, 8, 32})
      for (const Schedule& schedule : parallel::static_schedules(p, m, 2))
        EXPECT_EQ(buffers_needed(test::lowered(schedule)), 2) << schedule.name << " p " << p << " m " << m;
}

// Rank 0 sends all that rank 1 needs first; rank 1 waits after the first for rank 2, which waits for rank 0.
Schedule far_ahead(int micro_batches) {
  Schedule schedule{
      .name = "far-ahead", .micro_batches = micro_batches, .stage_ranks = {0, 1, 0, 2, 1}, .ranks = {{}, {}, {}}};
  const auto all = [&](int rank, OpKind kind, int stage, int from = 0) {
    for (int i = from; i < micro_batches; ++i)
      schedule.ranks[static_cast<std::size_t>(rank)].push_back({kind, stage, i});
  };
  all(0, OpKind::forward, 0);
  all(0, OpKind::forward, 2);
  all(0, OpKind::backward, 2);
  all(0, OpKind::backward, 0);
  schedule.ranks[1] = {{OpKind::forward, 1, 0}, {OpKind::forward, 4, 0}};
  all(1, OpKind::forward, 1, 1);
  all(1, OpKind::forward, 4, 1);
  all(1, OpKind::backward, 4);
  all(1, OpKind::backward, 1);
  all(2, OpKind::forward, 3);
  all(2, OpKind::backward, 3);
  return test::lowered(schedule);
}

TEST(PipelineChannels, AreGivenAsManyBuffersAsAScheduleNeeds) {
  for (const auto& [micro_batches, needed] : std::vector<std::pair<int, int>>{{5, 2}, {6, 3}, {8, 4}, {16, 8}}) {
    const Schedule schedule = far_ahead(micro_batches);
    ASSERT_TRUE(parallel::validate(schedule).empty());
    EXPECT_EQ(buffers_needed(schedule), needed) << micro_batches;
  }
}

}  // namespace
}  // namespace athanor::distributed
