// Losses against finite differences, and the texts of their refusals.
#include "core/autograd/backward.h"
#include "core/autograd/node.h"
#include "core/ops/gemm.h"
#include "core/ops/index.h"
#include "core/ops/loss.h"
#include "tests/core/engine/support.h"

#include <cmath>

namespace athanor {
namespace {

using test::expect_gradients;
using test::failure_text;
using test::ids;
using test::random_parameter;
using test::random_tensor;
using ::testing::AllOf;
using ::testing::HasSubstr;

class LossOpsTest : public ::testing::Test {
 protected:
  Context context_{test::options()};
  const Tensor targets_ = ids(context_, {3, 0, kernels::kIgnoredTarget, 6, 3, 1}, {2, 3});

  float value(const Variable& loss) { return context_.download(loss.value())[0]; }
};

TEST_F(LossOpsTest, CrossEntropy) {
  const Parameter logits = random_parameter(context_, "logits", {2, 3, 7}, 1, 2.0f);
  for (const float smoothing : {0.0f, 0.2f})
    expect_gradients(context_, [&] { return ops::cross_entropy(context_, logits, targets_, {.smoothing = smoothing}); },
                     {logits});
}

TEST_F(LossOpsTest, LinearCrossEntropy) {
  const Parameter x = random_parameter(context_, "x", {2, 3, 5}, 1),
                  weight = random_parameter(context_, "w", {7, 5}, 2),
                  bias = random_parameter(context_, "bias", {7}, 3);
  for (const Variable& b : {Variable(), Variable(bias)}) {
    const auto loss = [&] { return ops::linear_cross_entropy(context_, x, weight, b, targets_, {.smoothing = 0.1f}); };
    if (b.present())
      expect_gradients(context_, loss, {x, weight, bias});
    else
      expect_gradients(context_, loss, {x, weight});
  }
}

TEST_F(LossOpsTest, LinearCrossEntropyIsTheCrossEntropyOfItsLogits) {
  const Parameter x = random_parameter(context_, "x", {6, 5}, 1), weight = random_parameter(context_, "w", {7, 5}, 2);
  const Tensor targets = ids(context_, {3, 0, kernels::kIgnoredTarget, 6, 3, 1}, {6});
  const Variable fused = ops::linear_cross_entropy(context_, x, weight, {}, targets);
  const Variable plain = ops::cross_entropy(context_, ops::linear(context_, x, weight, {}), targets);
  EXPECT_NEAR(value(fused), value(plain), 1e-6);

  // A factor on the loss reaches every gradient, and a second pass adds to them.
  backward(context_, fused, 8.0f);
  const std::vector<float> eightfold = context_.download(weight->gradient);
  backward(context_, plain, -7.0f);
  const std::vector<float> sum = context_.download(weight->gradient);
  for (std::size_t i = 0; i < sum.size(); ++i) EXPECT_NEAR(sum[i], eightfold[i] / 8, 1e-6);
}

TEST_F(LossOpsTest, LinearCrossEntropyMakesNoGradientWhereNoneIsWanted) {
  const Tensor x = random_tensor(context_, {6, 5}, 1);
  const Parameter weight = random_parameter(context_, "w", {7, 5}, 2);
  const Tensor targets = ids(context_, {3, 0, 2, 6, 3, 1}, {6});
  const NoGradient no_gradient(context_);
  const Variable loss = ops::linear_cross_entropy(context_, x, weight, {}, targets);
  EXPECT_FALSE(loss.wants_gradient());
  EXPECT_GT(value(loss), 0.0f);
}

TEST_F(LossOpsTest, ContrastiveLossWithScalesPerSample) {
  const Parameter image = random_parameter(context_, "image", {6, 5}, 1),
                  text = random_parameter(context_, "t", {6, 5}, 2);
  const Parameter logit_scale = make_parameter("logit_scale", context_.full({1}, 0.4f));
  const Parameter rows = make_parameter("rows", context_.upload(std::vector<float>{1, 0.5f, 1.5f, 1, 2, 0.8f}, {6}));
  const Parameter cols = make_parameter("cols", context_.upload(std::vector<float>{0.7f, 1, 1, 1.2f, 1, 0.5f}, {6}));
  expect_gradients(context_,
                   [&] {
                     return ops::contrastive_loss(
                         context_, image, text, logit_scale,
                         {.ids = ids(context_, {0, 1, 2, 1, 4, 0}, {6}), .row_scale = rows, .col_scale = cols});
                   },
                   {image, text, logit_scale, rows, cols});
}

TEST_F(LossOpsTest, SigmoidContrastiveLoss) {
  const Parameter image = random_parameter(context_, "image", {6, 5}, 1),
                  text = random_parameter(context_, "t", {6, 5}, 2);
  const Parameter logit_scale = make_parameter("logit_scale", context_.full({1}, 0.4f));
  const Parameter bias = make_parameter("bias", context_.full({1}, -1.0f));
  expect_gradients(context_,
                   [&] {
                     return ops::contrastive_loss(context_, image, text, logit_scale,
                                                  {.kind = kernels::ContrastiveKind::sigmoid, .logit_bias = bias});
                   },
                   {image, text, logit_scale, bias});
  EXPECT_THAT(
      failure_text([&] { return ops::contrastive_loss(context_, image, text, logit_scale, {.logit_bias = bias}); }),
      HasSubstr("the softmax knows none"));
  EXPECT_THAT(
      failure_text([&] { return ops::contrastive_loss(context_, image, text, logit_scale, {.row_scale = bias}); }),
      AllOf(HasSubstr("row_scale is [1]"), HasSubstr("[6] is needed")));
}

TEST_F(LossOpsTest, DistancesOfNumbersAndBoxes) {
  const Parameter x = random_parameter(context_, "x", {3, 4}, 1);
  const Tensor target = random_tensor(context_, {3, 4}, 2), weight = context_.upload(std::vector<float>{1, 0, 2}, {3});
  for (const Tensor& w : {Tensor(), weight}) {
    expect_gradients(context_, [&] { return ops::l1_loss(context_, x, target, w); }, {x});
    expect_gradients(context_, [&] { return ops::smooth_l1_loss(context_, x, target, 0.3f, w); }, {x});
  }
  const Parameter boxes =
      make_parameter("boxes", context_.upload(std::vector<float>{0, 0, 2, 1, 0.3f, 0.1f, 1.1f, 2, 5, 5, 6, 7}, {3, 4}));
  const Tensor truth = context_.upload(std::vector<float>{0.5f, -0.4f, 2.7f, 0.8f, 0, 0, 2, 3, 1, 1, 2, 2.5f}, {3, 4});
  expect_gradients(context_, [&] { return ops::giou_loss(context_, boxes, truth, weight); }, {boxes});
  EXPECT_THAT(failure_text([&] {
                return ops::l1_loss(context_, x, context_.zeros({3, 5}));
              }),
              AllOf(HasSubstr("run l1_loss"), HasSubstr("target is [3, 5]"), HasSubstr("[3, 4] is needed")));
  EXPECT_THAT(failure_text([&] { return ops::giou_loss(context_, x, target, context_.zeros({4})); }),
              AllOf(HasSubstr("weight is [4]"), HasSubstr("one number per row")));
}

TEST_F(LossOpsTest, NearestCodePassesGradientsStraightThroughAndPullsBothTogether) {
  const Parameter x = random_parameter(context_, "x", {2, 3, 4}, 1),
                  codebook = random_parameter(context_, "c", {5, 4}, 2);
  const auto nearest = [&] { return ops::nearest_code(context_, x, codebook, {.commitment = 1.0f}); };
  const ops::NearestCode found = nearest();
  EXPECT_EQ(found.indices.shape(), (Shape{2, 3}));
  const std::vector<std::int32_t> indices = context_.download_ids(found.indices);
  const std::vector<float> codes = context_.download(found.codes.value()), book = context_.download(codebook->value);
  for (std::size_t i = 0; i < codes.size(); ++i)
    EXPECT_EQ(codes[i], book[static_cast<std::size_t>(indices[i / 4]) * 4 + i % 4]);

  const std::vector<float> pull = test::random_numbers(24, 3);
  backward(context_, found.codes, context_.upload(pull, {2, 3, 4}));
  EXPECT_EQ(context_.download(x->gradient), pull);
  EXPECT_FALSE(codebook->gradient.present());
  x->gradient = {};

  // The loss counts the same distance twice, once for each side: half of the differences' slope belongs to each.
  backward(context_, found.loss);
  const std::vector<float> dx = context_.download(x->gradient), values = context_.download(x->value);
  for (std::size_t i = 0; i < dx.size(); ++i) EXPECT_NEAR(dx[i], 2.0f / 24 * (values[i] - codes[i]), 1e-6);
  std::vector<float> dcodes(20, 0.0f);
  for (std::size_t i = 0; i < dx.size(); ++i) dcodes[static_cast<std::size_t>(indices[i / 4]) * 4 + i % 4] -= dx[i];
  const std::vector<float> got = context_.download(codebook->gradient);
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], dcodes[i], 1e-6);
  EXPECT_THAT(failure_text([&] {
                (void)ops::nearest_code(context_, x, context_.zeros({5, 3}));
              }),
              HasSubstr("codebook is [5, 3], but [codes, 4] is needed"));
}

TEST_F(LossOpsTest, TopK) {
  // Far enough apart that no difference changes the order.
  std::vector<float> values;
  for (int i = 0; i < 27; ++i) values.push_back(0.5f * static_cast<float>(i * 10 % 27));
  const Parameter x = make_parameter("x", context_.upload(values, {3, 9}));
  expect_gradients(context_, [&] { return ops::top_k(context_, x, 4).values; }, {x}, {.samples = 27});
  EXPECT_THAT(failure_text([&] { (void)ops::top_k(context_, x, 10); }), HasSubstr("k is 10, but x is [3, 9]"));
}

TEST_F(LossOpsTest, AFactorOnTheLossLiftsNarrowGradientsOutOfTheSubnormals) {
  const std::vector<float> numbers = test::random_numbers(4096 * 4, 1);
  const Parameter weight = random_parameter(context_, "w", {3, 4}, 2, 0.01f);
  const Tensor targets = ids(context_, std::vector<std::int32_t>(4096, 1), {4096});
  Tensor given;
  const Parameter leaf = make_parameter("x", context_.upload_as(DType::f16, numbers, {4096, 4}));
  const Variable input = leaf;
  const Variable x =
      record(context_, "probe", leaf->value, {&input}, [&](BackwardCall& call) { given = call.output_gradient(); });
  backward(context_, ops::linear_cross_entropy(context_, x, weight, {}, targets), 65536.0f);
  ASSERT_EQ(given.dtype(), DType::f16);
  EXPECT_EQ(weight->gradient.dtype(), DType::f32);
  const Parameter wide = make_parameter("x", context_.cast(leaf->value, DType::f32));
  const Tensor rounded = context_.cast(context_.cast(weight->value, DType::f16), DType::f32);
  backward(context_, ops::linear_cross_entropy(context_, wide, rounded, {}, targets), 65536.0f);
  const std::vector<float> got = context_.download(given), want = context_.download(wide->gradient);
  for (std::size_t i = 0; i < want.size(); i += 97) EXPECT_NEAR(got[i], want[i], 1e-3 * std::abs(want[i]) + 1e-6) << i;
}

TEST_F(LossOpsTest, CrossEntropyNamesWhatDoesNotFit) {
  const Tensor logits = context_.zeros({6, 4});
  const auto refused = [&](const Tensor& targets, const ops::CrossEntropyOptions& options = {}) {
    return failure_text([&] { return ops::cross_entropy(context_, logits, targets, options); });
  };
  EXPECT_THAT(refused(ids(context_, {1, 2}, {2})), AllOf(HasSubstr("targets is [2]"), HasSubstr("logits is [6, 4]")));
  EXPECT_THAT(refused(ids(context_, {1, 2, 3, 0, 1, 2}, {6}), {.smoothing = 1.0f}), HasSubstr("smoothing is 1"));
  EXPECT_THAT(failure_text([&] {
                return ops::linear_cross_entropy(context_, logits, context_.zeros({3, 5}), {},
                                                 ids(context_, {0, 0, 0, 0, 0, 0}, {6}));
              }),
              AllOf(HasSubstr("run linear_cross_entropy"), HasSubstr("weight is [3, 5]"), HasSubstr("[classes, 4]")));
  if (test::on_cuda()) return;  // looking at them would cost a trip to the device
  EXPECT_THAT(refused(ids(context_, {1, 2, 3, 4, 1, 2}, {6})),
              HasSubstr("targets[3] is 4, which is neither within 0 to 3 nor -100 (ignored)"));
}

}  // namespace
}  // namespace athanor
