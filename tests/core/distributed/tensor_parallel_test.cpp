#include "core/autograd/backward.h"
#include "core/comm/group.h"
#include "core/distributed/tensor_ranks.h"
#include "core/nn/transformer.h"
#include "core/ops/loss.h"
#include "core/train/held.h"
#include "tests/core/distributed/tensor_models.h"
#include "tests/core/engine/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

namespace athanor::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Sums over ranks have another order than those of one process, so f32 numbers differ in their last bits. Of the length
// of each array, not of each number: a number near zero is the difference of large ones. Of each step from the same
// weights.
constexpr double kTolerated = 1e-6;

void expect_near(const Numbers& divided, const Numbers& whole, const std::string& what) {
  ASSERT_EQ(divided.size(), whole.size());
  for (const auto& [path, numbers] : whole)
    EXPECT_LE(distance(divided.at(path), numbers), kTolerated) << what << " of " << path;
}

void expect_same_training(const Family& family, const Training& training) {
  SCOPED_TRACE(family.name + ", " + std::to_string(training.ranks) + " ranks" +
               (training.divides_rows ? ", rows divided" : ""));
  Training alone = training;
  alone.ranks = 1;
  const Outcome divided = train(family, training), whole = train(family, alone, &divided);
  EXPECT_THAT(divided.different, IsEmpty());
  EXPECT_EQ(divided.initial, whole.initial);
  for (std::size_t i = 0; i < whole.steps.size(); ++i) {
    const Step &a = divided.steps[i], &b = whole.steps[i];
    const std::string step = "step " + std::to_string(i + 1) + ": ";
    EXPECT_NEAR(a.loss, b.loss, kTolerated * b.loss) << step;
    EXPECT_NEAR(a.norm, b.norm, kTolerated * b.norm) << step;
    expect_near(a.gradients, b.gradients, step + "gradient");
    expect_near(a.weights, b.weights, step + "weights");
  }
  EXPECT_LT(divided.own_numbers, whole.own_numbers);
  EXPECT_THAT(divided.divided, Contains(HasSubstr("qkv.weight")));
}

TEST(TensorParallel, LearnsWhatOneProcessLearns) {
  for (const Family& family : divided_families())
    for (const int ranks : {2, 4}) expect_same_training(family, {.ranks = ranks});
}

TEST(TensorParallel, LearnsTheSameWithRowsOfTokensDivided) {
  for (const Family& family : divided_families())
    for (const int ranks : {2, 4}) expect_same_training(family, {.ranks = ranks, .divides_rows = true});
}

TEST(TensorParallel, LearnsTheSameWithoutDropout) {
  for (const Family& family : divided_families())
    for (const bool rows : {false, true})
      expect_same_training(family, {.ranks = 2, .divides_rows = rows, .dropout = 0.0F});
}

// Nearer than one process is to itself when the last bits of its weights are others, what is to be found is not known.
// Ranks sum in another order, which is one more draw of the same noise: not beyond twice what four draws came to.
TEST(TensorParallel, LearnsWhatOneProcessLearnsFromTheContrastiveLossAlone) {
  constexpr int kDraws = 4;
  const auto expect_known = [](const Outcome& divided, const Outcome& whole, const std::vector<Outcome>& nearby,
                               std::size_t step, Numbers Step::*what) {
    for (const auto& [path, numbers] : whole.steps[step].*what) {
      double unknown = 0;
      for (const Outcome& each : nearby)
        unknown = std::max(unknown, distance((each.steps[step].*what).at(path), numbers));
      EXPECT_LE(distance((divided.steps[step].*what).at(path), numbers), std::max(kTolerated, 2 * unknown)) << path;
    }
  };
  for (const Family& family : contrastive_families())
    for (const int ranks : {2, 4}) {
      const Outcome divided = train(family, {.ranks = ranks}), whole = train(family, {}, &divided);
      std::vector<Outcome> nearby;
      for (int draw = 1; draw <= kDraws; ++draw) nearby.push_back(train(family, {.moves_last_bits = draw}, &divided));
      for (std::size_t i = 0; i < whole.steps.size(); ++i) {
        SCOPED_TRACE(family.name + ", " + std::to_string(ranks) + " ranks, step " + std::to_string(i + 1));
        EXPECT_NEAR(divided.steps[i].loss, whole.steps[i].loss, kTolerated * whole.steps[i].loss);
        EXPECT_NEAR(divided.steps[i].norm, whole.steps[i].norm, kTolerated * whole.steps[i].norm);
        expect_known(divided, whole, nearby, i, &Step::gradients);
        expect_known(divided, whole, nearby, i, &Step::weights);
      }
    }
}

// A rank among others: `work` gets its context, whose tensor group they are.
void as_ranks(int count, bool divides_rows, const std::function<void(Context&, ops::TensorGroup&)>& work) {
  comm::run_threads(count, {}, [&](comm::Group& group) {
    Context context({});
    distributed::TensorRanks ranks(group.world(), divides_rows);
    context.set_tensor_group(&ranks);
    work(context, ranks);
  });
}

// Every rank moves the same numbers in turn, since x is the same on all of them.
TEST(TensorGroupOps, HaveTheGradientsOfWhatTheyCompute) {
  for (const int count : {2, 4})
    as_ranks(count, true, [](Context& context, ops::TensorGroup& ranks) {
      const Parameter x = random_parameter(context, "x", {8, 6}, 1);
      const Tensor own = random_tensor(context, {6, 6}, 10 + static_cast<std::uint64_t>(ranks.index()));
      expect_gradients(context,
                       [&] {
                         return ops::reduce_from_group(context,
                                                       ops::linear(context, ops::copy_to_group(context, x), own, {}));
                       },
                       {x});
      expect_gradients(context, [&] { return ops::join_rows(context, ops::take_rows(context, x)); }, {x});
      expect_gradients(context,
                       [&] {
                         const Variable rows =
                             ops::activation(context, ops::take_rows(context, x), Activation::gelu_erf);
                         const Variable wide = ops::linear(context, ops::gather_rows(context, rows), own, {});
                         return ops::join_rows(context, ops::reduce_rows(context, wide));
                       },
                       {x});
    });
}

TEST(TensorGroupOps, LeaveTheSameBitsOnEveryRank) {
  std::vector<std::vector<float>> sums(4), gradients(4);
  as_ranks(4, false, [&](Context& context, ops::TensorGroup& ranks) {
    const auto index = static_cast<std::size_t>(ranks.index());
    const Parameter x = random_parameter(context, "x", {5, 7}, 1);
    const Tensor own = random_tensor(context, {7, 7}, 10 + index);
    const Variable y = ops::reduce_from_group(context, ops::linear(context, ops::copy_to_group(context, x), own, {}));
    backward(context, y, random_tensor(context, {5, 7}, 2));
    sums[index] = context.download(y.value());
    gradients[index] = context.download(x->gradient);
  });
  for (const auto& other : sums) EXPECT_EQ(other, sums.front());
  for (const auto& other : gradients) EXPECT_EQ(other, gradients.front());
}

TEST(TensorGroupOps, AreRefusedWithoutAGroup) {
  Context context({});
  EXPECT_THAT(failure_text([&] {
                (void)ops::gather_rows(context, random_tensor(context, {2, 2}, 1));
              }),
              HasSubstr("no group of ranks"));
}

TEST(DividedCrossEntropy, IsThatOfAllClassesWhereverTheTargetsStand) {
  // 7 classes between ranks; logits far from zero, a target that is ignored, and all of them on one rank.
  const Shape shape{5, 7};
  std::vector<float> logits = random_numbers(shape.numel(), 3, 4.0F);
  for (std::size_t i = 0; i < 7; ++i) logits[7 + i] += 300.0F;
  for (const std::vector<std::int32_t>& targets :
       {std::vector<std::int32_t>{0, 6, kernels::kIgnoredTarget, 3, 2}, std::vector<std::int32_t>{6, 6, 6, 6, 6},
        std::vector<std::int32_t>(5, kernels::kIgnoredTarget)}) {
    Context alone({});
    const Parameter whole = make_parameter("logits", alone.upload(logits, shape));
    const Variable loss = ops::cross_entropy(alone, whole, ids(alone, targets, {5}));
    backward(alone, loss, 3.0F);
    const std::vector<float> wanted = alone.download(whole->gradient);
    for (const int count : {2, 4})
      as_ranks(count, false, [&](Context& context, ops::TensorGroup& ranks) {
        const Shard shard = shard_of(shape, {.dim = 1}, ranks.index(), count);
        const Box& box = shard.boxes.front();
        auto state = std::make_shared<ParameterState>();
        state->shard = std::make_shared<const Shard>(shard);
        state->value = context.zeros(shape_of(shard));
        context.write(state->value, cut(shard, logits));
        const Variable divided = ops::divided_cross_entropy(context, Parameter(state), ids(context, targets, {5}),
                                                            static_cast<std::int32_t>(box.offset[1]));
        EXPECT_NEAR(divided.value().item(), loss.value().item(), 1e-6F * std::abs(loss.value().item()));
        backward(context, divided, 3.0F);
        EXPECT_LE(distance(context.download(state->gradient), cut(shard, wanted)), 2e-7);
      });
  }
}

TEST(DividedCrossEntropy, HasTheGradientOfWhatItComputes) {
  as_ranks(2, false, [](Context& context, ops::TensorGroup& ranks) {
    const Parameter x = random_parameter(context, "x", {6, 5}, 1);
    const Tensor head = random_tensor(context, {4, 5}, 10 + static_cast<std::uint64_t>(ranks.index()));
    expect_gradients(context,
                     [&] {
                       const Variable logits = ops::linear(context, ops::copy_to_group(context, x), head, {});
                       return ops::divided_cross_entropy(context, logits,
                                                         ids(context, {0, 7, 3, 4, kernels::kIgnoredTarget, 1}, {6}),
                                                         4 * ranks.index());
                     },
                     {x});
  });
}

TEST(TensorParallel, RefusesWhatDoesNotComeOutEvenWithTheNearestNumberOfRanks) {
  as_ranks(4, false, [](Context& context, ops::TensorGroup&) {
    nn::ParameterSet set;
    const nn::Scope scope = nn::Scope(context, set, 7).child("blocks").child(0);
    EXPECT_THAT(failure_text([&] { nn::TransformerBlock(scope, {.width = 12, .heads = 6}); }),
                AllOf(HasSubstr("blocks.0.attention"), HasSubstr("6 heads"), HasSubstr("parallel.tensor to 3")));
    nn::ParameterSet other;
    EXPECT_THAT(failure_text([&] {
                  nn::TransformerBlock(nn::Scope(context, other, 7), {.width = 12, .heads = 4, .mlp_ratio = 1.5});
                }),
                AllOf(HasSubstr("mlp.up"), HasSubstr("18 outputs"), HasSubstr("parallel.tensor to 3")));
  });
}

TEST(TensorParallel, HasTheValuesOfTheWholeInEveryShard) {
  Context alone({});
  nn::ParameterSet whole;
  (void)nn::MultiHeadSelfAttention(nn::Scope(alone, whole, 7).child("attention"), 12, 4);
  (void)nn::Embedding(nn::Scope(alone, whole, 7).child("words"), 7, 12, 0.5F);
  as_ranks(4, false, [&](Context& context, ops::TensorGroup& ranks) {
    nn::ParameterSet set;
    (void)nn::MultiHeadSelfAttention(nn::Scope(context, set, 7).child("attention"), 12, 4);
    (void)nn::Embedding(nn::Scope(context, set, 7).child("words"), 7, 12, 0.5F);
    EXPECT_EQ(set.numel(), whole.numel());
    for (const Parameter& parameter : set.all()) {
      const Parameter logical = whole.find(parameter->path);
      EXPECT_EQ(logical_shape(*parameter), logical_shape(*logical)) << parameter->path;
      const std::span<const float> wanted = logical->value.host<float>();
      EXPECT_EQ(context.download(parameter->value),
                parameter->shard ? cut(*parameter->shard, wanted) : std::vector(wanted.begin(), wanted.end()))
          << parameter->path;
    }
    // Rows are q, k and v, each by head: of each block the rank's own head.
    const Shard& qkv = *set.find("attention.qkv.weight")->shard;
    ASSERT_EQ(qkv.boxes.size(), 3U);
    for (std::size_t block = 0; block < 3; ++block) {
      EXPECT_EQ(qkv.boxes[block].offset[0], static_cast<std::int64_t>(12 * block) + 3 * ranks.index());
      EXPECT_EQ(qkv.boxes[block].extent, (std::vector<std::int64_t>{3, 12}));
    }
  });
}

TEST(TensorParallel, ListsTheBoxesThatMakeUpEveryArrayOnce) {
  std::mutex mutex;
  std::map<std::string, std::int64_t> numbers;
  std::map<std::string, std::int64_t> logical;
  as_ranks(4, false, [&](Context& context, ops::TensorGroup& ranks) {
    nn::ParameterSet set;
    const nn::TransformerBlock block(nn::Scope(context, set, 7), {.width = 12, .heads = 4});
    const auto optimizer = optim::make_optimizer(context, set.all(), {});
    const std::lock_guard lock(mutex);
    for (const train::Held& held : train::hold_all(set.all(), optimizer.get())) {
      EXPECT_TRUE(fits(held.box, held.shape)) << held.name;
      EXPECT_TRUE(held.tensor.contiguous());
      EXPECT_EQ(held.tensor.numel(), volume(held.box.extent)) << held.name;
      logical[held.name] = volume(held.shape);
      if (held.box != whole_box(held.shape) || ranks.index() == 0) numbers[held.name] += held.tensor.numel();
    }
  });
  EXPECT_EQ(numbers, logical);
  EXPECT_EQ(numbers.count("mlp.down.weight.m"), 1U);
}

}  // namespace
}  // namespace athanor::test
