// Products of batches, softmax, gates, reductions, picking and rearranging: against finite differences, against what
// they are defined to be, and the texts of their refusals.
#include "core/ops/elementwise.h"
#include "core/ops/gemm.h"
#include "core/ops/index.h"
#include "core/ops/layout.h"
#include "core/ops/norm.h"
#include "core/ops/reduce.h"
#include "tests/core/engine/support.h"

#include <array>
#include <cmath>
#include <numeric>

namespace athanor {
namespace {

using test::expect_gradients;
using test::failure_text;
using test::ids;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ShapeOpsTest : public test::OpsFixture {
 protected:
  // 0, 1, 2, …
  Tensor counting(const Shape& shape) {
    std::vector<float> values(static_cast<std::size_t>(shape.numel()));
    std::iota(values.begin(), values.end(), 0.0f);
    return context_.upload(values, shape);
  }
  std::vector<float> numbers(const Variable& x) { return context_.download(x.value()); }
};

TEST_F(ShapeOpsTest, BatchedMatmulRepeatsAndSums) {
  const std::pair<Shape, Shape> batches[] = {
      {{2, 3}, {2, 3}}, {{2, 3}, {}}, {{3}, {2, 1}}, {{2, 1}, {1, 3}}, {{}, {4}}};
  for (const auto& [left, right] : batches)
    for (const bool transpose_a : {false, true})
      for (const bool transpose_b : {false, true}) {
        Shape a = left, b = right;
        for (const std::int64_t dim : transpose_a ? Shape{4, 3} : Shape{3, 4}) a.push_back(dim);
        for (const std::int64_t dim : transpose_b ? Shape{5, 4} : Shape{4, 5}) b.push_back(dim);
        const Parameter x = parameter("a", a), y = parameter("b", b);
        const ops::BatchedMatmulOptions options{.transpose_a = transpose_a, .transpose_b = transpose_b, .alpha = 0.5f};
        expect_gradients(context_, [&] { return ops::batched_matmul(context_, x, y, options); }, {x, y});
      }
}

TEST_F(ShapeOpsTest, BatchedMatmulWithBiasActivationAndResidual) {
  const Parameter a = parameter("a", {2, 3, 4}), b = parameter("b", {4, 5}), bias = parameter("bias", {5});
  const Parameter residual = parameter("residual", {2, 3, 5});
  for (const Activation kind : {Activation::none, Activation::gelu_erf, Activation::silu}) {
    const ops::BatchedMatmulOptions options{.bias = bias, .activation = kind, .residual = residual};
    expect_gradients(context_, [&] { return ops::batched_matmul(context_, a, b, options); }, {a, b, bias, residual});
  }
}

TEST_F(ShapeOpsTest, BatchedMatmulRefusesWhatDoesNotFit) {
  const auto text = [&](const Shape& a, const Shape& b, const ops::BatchedMatmulOptions& options = {}) {
    return failure_text([&] { return ops::batched_matmul(context_, context_.zeros(a), context_.zeros(b), options); });
  };
  EXPECT_THAT(text({2, 3, 4}, {2, 5, 6}), AllOf(HasSubstr("run batched_matmul"), HasSubstr("a is [2, 3, 4]"),
                                                HasSubstr("b is [2, 5, 6]"), HasSubstr("inner dims")));
  EXPECT_THAT(text({2, 3, 4}, {3, 4, 6}), AllOf(HasSubstr("a is [2, 3, 4]"), HasSubstr("b is [3, 4, 6]"),
                                                HasSubstr("batch dims must be equal, or 1")));
  EXPECT_THAT(text({4}, {4, 6}), AllOf(HasSubstr("a is [4]"), HasSubstr("2 to 4 dims")));
  EXPECT_THAT(text({2, 3, 4}, {4, 6}, {.bias = context_.zeros({5})}),
              AllOf(HasSubstr("bias is [5]"), HasSubstr("[6] is needed"), HasSubstr("a is [2, 3, 4]")));
  EXPECT_THAT(text({2, 3, 4}, {4, 6}, {.residual = context_.zeros({3, 6})}),
              AllOf(HasSubstr("residual is [3, 6]"), HasSubstr("[2, 3, 6] is needed")));
}

TEST_F(ShapeOpsTest, Softmax) {
  const Parameter x = parameter("x", {2, 3, 5}, 2.0f);
  expect_gradients(context_, [&] { return ops::softmax(context_, x); }, {x});
  expect_gradients(context_, [&] { return ops::log_softmax(context_, x); }, {x});
  const Tensor lengths = ids(context_, {5, 2}, {2});
  expect_gradients(context_, [&] { return ops::softmax(context_, x, lengths); }, {x});
  const auto y = numbers(ops::softmax(context_, x, lengths));
  EXPECT_NEAR(y[15] + y[16], 1.0f, 1e-6);
  EXPECT_EQ(y[17], 0.0f);
  EXPECT_THAT(failure_text([&] {
                return ops::softmax(context_, x, ids(context_, {1, 2, 3}, {3}));
              }),
              AllOf(HasSubstr("run softmax"), HasSubstr("lengths is [3]"), HasSubstr("x is [2, 3, 5]")));
  EXPECT_THAT(failure_text([&] {
                return ops::log_softmax(context_, x, ids(context_, {1, 6}, {2}));
              }),
              AllOf(HasSubstr("run log_softmax"), HasSubstr("lengths[1] is 6"), HasSubstr("0 to 5")));
}

TEST_F(ShapeOpsTest, Swiglu) {
  const Parameter x = parameter("x", {3, 8}, 2.0f);
  expect_gradients(context_, [&] { return ops::swiglu(context_, x); }, {x});
  const auto y = numbers(ops::swiglu(context_, context_.upload(std::vector<float>{2.0f, 3.0f}, {1, 2})));
  EXPECT_NEAR(y[0], 6.0f / (1.0f + std::exp(-2.0f)), 1e-6);
  EXPECT_THAT(failure_text([&] {
                return ops::swiglu(context_, context_.zeros({2, 3}));
              }),
              AllOf(HasSubstr("run swiglu"), HasSubstr("x is [2, 3]"), HasSubstr("even last dim")));
}

TEST_F(ShapeOpsTest, Silu) {
  const Parameter x = parameter("x", {5, 7}, 3.0f);
  expect_gradients(context_, [&] { return ops::activation(context_, x, Activation::silu); }, {x});
}

TEST_F(ShapeOpsTest, ReducesOverAnyDim) {
  const Parameter x = parameter("x", {3, 4, 5});
  for (const int dim : {0, 1, -1}) {
    expect_gradients(context_, [&] { return ops::sum(context_, x, dim); }, {x});
    expect_gradients(context_, [&] { return ops::mean(context_, x, dim); }, {x});
  }
  const Tensor y = counting({2, 3, 2});
  EXPECT_THAT(numbers(ops::sum(context_, y, 1)), ElementsAre(6, 9, 24, 27));
  EXPECT_THAT(numbers(ops::mean(context_, y, 0)), ElementsAre(3, 4, 5, 6, 7, 8));
  EXPECT_THAT(numbers(ops::max(context_, y, -1)), ElementsAre(1, 3, 5, 7, 9, 11));
  EXPECT_THAT(context_.download_ids(ops::argmax(context_, y, 1)), ElementsAre(2, 2, 2, 2));
  EXPECT_EQ(ops::sum(context_, context_.zeros({4}), 0).shape(), Shape{});
}

TEST_F(ShapeOpsTest, MaxGivesItsGradientToTheLargest) {
  // Far enough apart for the stencil.
  const Parameter x = make_parameter("x", context_.upload(std::vector<float>{1, 5, 3, 4, 2, 6}, {2, 3}));
  for (const int dim : {0, 1}) expect_gradients(context_, [&] { return ops::max(context_, x, dim); }, {x});
}

TEST_F(ShapeOpsTest, ReductionsRefuseWhatIsNotThere) {
  EXPECT_THAT(failure_text([&] {
                return ops::sum(context_, context_.zeros({2, 3}), 2);
              }),
              AllOf(HasSubstr("run sum"), HasSubstr("x is [2, 3]"), HasSubstr("no dim 2")));
  EXPECT_THAT(failure_text([&] {
                return ops::max(context_, context_.zeros({2, 0}), 1);
              }),
              AllOf(HasSubstr("run max"), HasSubstr("x is [2, 0]"), HasSubstr("dim 1 is empty")));
  EXPECT_THAT(failure_text([&] {
                return ops::argmax(context_, context_.zeros({0, 3}), -2);
              }),
              AllOf(HasSubstr("run argmax"), HasSubstr("dim 0 is empty")));
}

TEST_F(ShapeOpsTest, GathersAndScatters) {
  const Parameter x = parameter("x", {3, 4, 2}), u = parameter("u", {3, 3, 2});
  const Tensor list = ids(context_, {3, 0, 3}, {3});
  std::vector<std::int32_t> each;
  for (int i = 0; i < 18; ++i) each.push_back((i * i) % 4);
  for (const Tensor& index : {list, ids(context_, each, {3, 3, 2})}) {
    expect_gradients(context_, [&] { return ops::gather(context_, x, 1, index); }, {x});
    expect_gradients(context_, [&] { return ops::scatter_add(context_, x, 1, index, u); }, {x, u});
    expect_gradients(context_, [&] { return ops::scatter(context_, x, 1, index, u); }, {x, u});
  }
  const Tensor y = counting({2, 3});
  EXPECT_THAT(numbers(ops::gather(context_, y, -1, ids(context_, {2, 0}, {2}))), ElementsAre(2, 0, 5, 3));
  EXPECT_THAT(numbers(ops::gather(context_, y, 0, ids(context_, {1, 0, 1}, {1, 3}))), ElementsAre(3, 1, 5));
  const Tensor ten = context_.full({3, 3}, 10.0f);
  EXPECT_THAT(numbers(ops::scatter_add(context_, y, 0, ids(context_, {1, 1, 0}, {3}), ten)),
              ElementsAre(10, 11, 12, 23, 24, 25));
  EXPECT_THAT(numbers(ops::scatter(context_, y, 0, ids(context_, {1, 1, 1}, {3}), ten)),
              ElementsAre(0, 1, 2, 10, 10, 10));
}

TEST_F(ShapeOpsTest, GatherAndScatterRefuseWhatDoesNotFit) {
  const Tensor x = context_.zeros({2, 3});
  EXPECT_THAT(failure_text([&] {
                return ops::gather(context_, x, 1, ids(context_, {0, 3}, {2}));
              }),
              AllOf(HasSubstr("run gather"), HasSubstr("index[1] is 3"), HasSubstr("0 to 2")));
  EXPECT_THAT(failure_text([&] {
                return ops::gather(context_, x, 1, ids(context_, {0, 1, 2}, {3, 1}));
              }),
              AllOf(HasSubstr("index is [3, 1]"), HasSubstr("x is [2, 3]")));
  EXPECT_THAT(failure_text([&] {
                return ops::scatter_add(context_, x, 0, ids(context_, {0}, {1}), context_.zeros({2, 3}));
              }),
              AllOf(HasSubstr("run scatter_add"), HasSubstr("u is [2, 3]"), HasSubstr("[1, 3] is needed"),
                    HasSubstr("index is [1]")));
  EXPECT_THAT(failure_text([&] { return ops::scatter(context_, x, 0, ids(context_, {0}, {1}), {}); }),
              HasSubstr("u is absent"));
}

TEST_F(ShapeOpsTest, PermutesAndTransposes) {
  const Parameter x = parameter("x", {2, 3, 4});
  expect_gradients(context_, [&] { return ops::permute(context_, x, std::array{2, 0, 1}); }, {x});
  expect_gradients(context_, [&] { return ops::transpose(context_, x, 0, -1); }, {x});
  EXPECT_THAT(numbers(ops::transpose(context_, counting({2, 3}), 0, 1)), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_EQ(ops::permute(context_, x, std::array{2, 0, 1}).shape(), (Shape{4, 2, 3}));
  EXPECT_THAT(failure_text([&] {
                return ops::permute(context_, x, std::array{0, 1, 1});
              }),
              AllOf(HasSubstr("run permute"), HasSubstr("x is [2, 3, 4]"), HasSubstr("0,1,1")));
  EXPECT_THAT(failure_text([&] { return ops::permute(context_, x, std::array{0, 1}); }), HasSubstr("0,1"));
  EXPECT_THAT(failure_text([&] { return ops::transpose(context_, x, 0, 3); }),
              AllOf(HasSubstr("run transpose"), HasSubstr("no dim 3")));
}

TEST_F(ShapeOpsTest, ConcatAndSplit) {
  const Parameter a = parameter("a", {2, 3}), b = parameter("b", {2, 1});
  expect_gradients(context_, [&] { return ops::concat(context_, std::array<Variable, 3>{a, b, a}, 1); }, {a, b});
  expect_gradients(context_,
                   [&] {
                     const auto parts = ops::split(context_, a, -1, std::array<std::int64_t, 2>{1, 2});
                     return ops::concat(context_, std::array<Variable, 3>{parts[1], parts[0], parts[1]}, 1);
                   },
                   {a});
  const std::array<Variable, 2> parts{counting({2, 2}), context_.full({2, 1}, 9.0f)};
  EXPECT_THAT(numbers(ops::concat(context_, parts, 1)), ElementsAre(0, 1, 9, 2, 3, 9));
  EXPECT_THAT(numbers(ops::slice(context_, counting({2, 3}), 1, 1, 2)), ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(failure_text([&] { return ops::concat(context_, parts, 0); }),
              AllOf(HasSubstr("run concat"), HasSubstr("parts[0] is [2, 2]"), HasSubstr("parts[1] is [2, 1]")));
  EXPECT_THAT(failure_text([&] { return ops::concat(context_, std::span<const Variable>(), 0); }),
              HasSubstr("no parts"));
  EXPECT_THAT(failure_text([&] {
                return ops::split(context_, a, 1, std::array<std::int64_t, 2>{1, 1});
              }),
              AllOf(HasSubstr("run split"), HasSubstr("a"), HasSubstr("[2, 3]"), HasSubstr("1,1")));
  EXPECT_THAT(failure_text([&] { return ops::slice(context_, a, 1, 2, 2); }),
              AllOf(HasSubstr("run slice"), HasSubstr("x is [2, 3]"), HasSubstr("2 from 2 on along dim 1")));
}

TEST_F(ShapeOpsTest, PatchesAndBack) {
  const Parameter x = parameter("x", {2, 4, 6, 3});
  expect_gradients(context_, [&] { return ops::patchify(context_, x, 2); }, {x});
  const Variable tokens = ops::patchify(context_, x, 2);
  EXPECT_EQ(tokens.shape(), (Shape{2, 6, 12}));
  EXPECT_EQ(numbers(ops::unpatchify(context_, tokens, 2, {4, 6})), numbers(x));
  // One channel, so that the numbers are positions.
  EXPECT_THAT(numbers(ops::patchify(context_, counting({1, 2, 4, 1}), 2)), ElementsAre(0, 1, 4, 5, 2, 3, 6, 7));
  EXPECT_THAT(failure_text([&] { return ops::patchify(context_, x, 4); }),
              AllOf(HasSubstr("run patchify"), HasSubstr("pictures is [2, 4, 6, 3]"), HasSubstr("4 x 6"),
                    HasSubstr("patches of 4 x 4")));
  EXPECT_THAT(failure_text([&] {
                return ops::unpatchify(context_, tokens, 2, {4, 4});
              }),
              AllOf(HasSubstr("run unpatchify"), HasSubstr("tokens is [2, 6, 12]"), HasSubstr("[B, 4")));
}

}  // namespace
}  // namespace athanor
