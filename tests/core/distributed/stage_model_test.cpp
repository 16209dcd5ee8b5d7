// A transformer trained over the ranks of a pipeline has the bits of one trained alone, whatever the schedule.
#include "tests/core/distributed/schedules.h"
#include "tests/core/distributed/small_transformer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <tuple>

namespace athanor::distributed {
namespace {

using parallel::Op;
using parallel::OpKind;
using parallel::Schedule;
using test::lowered;
using test::train_alone;
using test::train_pipeline;
using test::Trained;
using test::Training;
using test::TransformerSize;
using ::testing::HasSubstr;

constexpr TransformerSize kSize;

void expect_same(const Trained& trained, const Trained& alone) {
  EXPECT_EQ(trained.losses, alone.losses);
  EXPECT_EQ(trained.norms, alone.norms);
  ASSERT_EQ(trained.weights.size(), alone.weights.size());
  for (const auto& [path, bits] : alone.weights) EXPECT_TRUE(trained.weights.at(path) == bits) << path;
}

class PipelineOf : public testing::TestWithParam<std::tuple<int, int>> {};
INSTANTIATE_TEST_SUITE_P(Ranks, PipelineOf, testing::Combine(testing::Values(2, 4), testing::Values(4, 8)),
                         [](const auto& each) {
                           return std::to_string(std::get<0>(each.param)) + "RanksOf" +
                                  std::to_string(std::get<1>(each.param)) + "MicroBatches";
                         });

TEST_P(PipelineOf, TrainsAsOneProcessDoesWhateverTheSchedule) {
  const auto [p, m] = GetParam();
  const Training training{.micro_batches = m, .steps = 20, .clip_norm = 0};
  const Trained alone = train_alone(kSize, training);
  for (const Schedule& schedule : test::every_schedule(p, m)) {
    SCOPED_TRACE(schedule.name);
    expect_same(train_pipeline(schedule, kSize, training), alone);
  }
}

TEST_P(PipelineOf, ClipsByTheNormOfTheWholeModel) {
  const auto [p, m] = GetParam();
  const Training training{.micro_batches = m, .steps = 5, .clip_norm = 0.5f};
  const Trained alone = train_alone(kSize, training);
  EXPECT_NE(alone.weights, train_alone(kSize, {.micro_batches = m, .steps = 5, .clip_norm = 0}).weights);
  for (const Schedule& schedule : {parallel::one_f_one_b(p, m), parallel::zb_v(p, m)})
    expect_same(train_pipeline(lowered(schedule), kSize, training), alone);
}

TEST(Pipeline, TrainsAHundredStepsAsOneProcessDoes) {
  const Training training{.micro_batches = 4, .steps = 100, .clip_norm = 1.0f};
  const Trained alone = train_alone(kSize, training);
  for (const Schedule& schedule : {parallel::one_f_one_b(2, 4), parallel::zb_v(2, 4)}) {
    SCOPED_TRACE(schedule.name);
    expect_same(train_pipeline(lowered(schedule), kSize, training), alone);
  }
}

TEST(Pipeline, TrainsAsOneProcessDoesWhereAWholeStageDoesNotLearn) {
  TransformerSize size;
  size.frozen = 4;
  const Training training{.micro_batches = 4, .steps = 3, .clip_norm = 1.0f};
  const Trained alone = train_alone(size, training);
  EXPECT_NE(alone.weights, train_alone(kSize, training).weights);
  for (const Schedule& schedule : {parallel::one_f_one_b(2, 4), parallel::zb_v(2, 4), parallel::zb_h1(2, 4)}) {
    SCOPED_TRACE(schedule.name);
    expect_same(train_pipeline(lowered(schedule), size, training), alone);
  }
}

TEST(Pipeline, WouldDifferIfMicroBatchesWereAddedInAnotherOrder) {
  const Training training{.micro_batches = 4, .steps = 2, .clip_norm = 0};
  const Trained ascending = train_alone(kSize, training), swapped = train_alone(kSize, training, {0, 2, 1, 3});
  EXPECT_NE(ascending.weights, swapped.weights);
  EXPECT_NE(train_pipeline(lowered(parallel::zb_v(2, 4)), kSize, training).weights, swapped.weights);
}

TEST(Pipeline, RefusesAScheduleThatWouldAddMicroBatchesInAnotherOrder) {
  Schedule schedule = parallel::gpipe(2, 4);
  for (auto& ops : schedule.ranks)
    for (Op& op : ops)
      if (op.micro_batch == 1 || op.micro_batch == 2) op.micro_batch = 3 - op.micro_batch;
  try {
    (void)train_pipeline(insert_steps(insert_transfers(schedule)), kSize,
                         {.micro_batches = 4, .steps = 1, .clip_norm = 0});
    FAIL() << "it has run";
  } catch (const Failure& failure) {
    EXPECT_THAT(failure.what(), HasSubstr("it comes before micro-batch 1,"));
  }
  expect_same(train_pipeline(lowered(schedule), kSize, {.micro_batches = 4, .steps = 1, .clip_norm = 0}),
              train_alone(kSize, {.micro_batches = 4, .steps = 1, .clip_norm = 0}));
}

}  // namespace
}  // namespace athanor::distributed
