#include "core/autograd/backward.h"
#include "core/autograd/node.h"
#include "core/ops/elementwise.h"
#include "core/ops/gemm.h"
#include "core/ops/norm.h"
#include "kernels/base/error.h"
#include "tests/core/engine/support.h"

namespace athanor {
namespace {

using test::failure_text;
using test::random_parameter;
using test::random_tensor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TapeTest : public ::testing::Test {
 protected:
  Context context_{test::options()};
  Parameter a_ = make_parameter("a", context_.upload(std::vector<float>{1, 2}, {2}));
  Parameter b_ = make_parameter("b", context_.upload(std::vector<float>{3, 4}, {2}));

  Tensor ones() { return context_.full({2}, 1); }
  std::vector<float> gradient(const Parameter& parameter) { return context_.download(parameter->gradient); }
};

TEST_F(TapeTest, GivesEachParameterItsGradient) {
  const Variable sum = ops::add(context_, ops::scale(context_, a_, 2), ops::scale(context_, b_, -3));
  backward(context_, sum, ones());
  EXPECT_THAT(gradient(a_), ElementsAre(2, 2));
  EXPECT_THAT(gradient(b_), ElementsAre(-3, -3));
}

TEST_F(TapeTest, AddsUpOverEveryUse) {
  const Variable twice = ops::scale(context_, a_, 2);
  const Variable sum = ops::add(context_, ops::add(context_, twice, twice), a_);
  backward(context_, sum, ones());
  EXPECT_THAT(gradient(a_), ElementsAre(5, 5));
}

TEST_F(TapeTest, DoesNotLetSharedGradientsSpoilOneAnother) {
  // Both summands get the same gradient tensor; one of them then has more added to it.
  const Variable left = ops::scale(context_, a_, 1);
  const Variable right = ops::scale(context_, b_, 1);
  const Variable sum = ops::add(context_, ops::add(context_, left, right), left);
  backward(context_, sum, ones());
  EXPECT_THAT(gradient(a_), ElementsAre(2, 2));
  EXPECT_THAT(gradient(b_), ElementsAre(1, 1));
}

TEST_F(TapeTest, AddsPassesTogetherUntilCleared) {
  for (int pass = 0; pass < 3; ++pass) backward(context_, ops::scale(context_, a_, 2), ones());
  EXPECT_THAT(gradient(a_), ElementsAre(6, 6));
  a_->gradient = {};
  backward(context_, ops::scale(context_, a_, 2), ones());
  EXPECT_THAT(gradient(a_), ElementsAre(2, 2));
}

TEST_F(TapeTest, DoesNotChangeTheGradientItWasGiven) {
  const Tensor seed = ones();
  backward(context_, ops::scale(context_, a_, 2), seed);
  EXPECT_THAT(context_.download(seed), ElementsAre(1, 1));
}

TEST_F(TapeTest, AccumulatesParametersOfOneKernelInPlace) {
  const Parameter weight = random_parameter(context_, "weight", {3, 2}, 1);
  const Parameter bias = random_parameter(context_, "bias", {3}, 2);
  const Tensor x = random_tensor(context_, {4, 2}, 3);
  const auto pass = [&] { backward(context_, ops::linear(context_, x, weight, bias), context_.full({4, 3}, 1)); };
  pass();
  const std::vector<float> once = gradient(weight);
  const void* memory = weight->gradient.view().data;
  pass();
  EXPECT_EQ(weight->gradient.view().data, memory);
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_NEAR(gradient(weight)[i], 2 * once[i], 1e-5);
  EXPECT_THAT(gradient(bias), ElementsAre(8, 8, 8));
  // One has a gradient and the other none: neither is lost.
  bias->gradient = {};
  pass();
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_NEAR(gradient(weight)[i], 3 * once[i], 1e-5);
  EXPECT_THAT(gradient(bias), ElementsAre(4, 4, 4));
}

TEST_F(TapeTest, SeedsScaleALoss) {
  const Parameter x = make_parameter("x", context_.full({1}, 3));
  backward(context_, ops::scale(context_, x, 2), 0.25f);
  EXPECT_THAT(gradient(x), ElementsAre(0.5f));
}

TEST_F(TapeTest, CallsAHookOnceTheGradientIsComplete) {
  std::vector<float> seen;
  a_->hooks.push_back([&](Context& context, ParameterState& parameter) {
    EXPECT_EQ(parameter.path, "a");
    for (const float value : context.download(parameter.gradient)) seen.push_back(value);
  });
  const Variable sum = ops::add(context_, ops::scale(context_, a_, 2), ops::scale(context_, a_, 3));
  backward(context_, sum, ones());
  EXPECT_THAT(seen, ElementsAre(5, 5));
}

TEST_F(TapeTest, LeavesOutWhatIsNotTrainable) {
  b_->trainable = false;
  backward(context_, ops::add(context_, a_, b_), ones());
  EXPECT_TRUE(a_->gradient.present());
  EXPECT_FALSE(b_->gradient.present());
}

TEST_F(TapeTest, RecordsNothingWithoutAnyoneWhoWantsIt) {
  {
    const NoGradient scope(context_);
    EXPECT_FALSE(ops::scale(context_, a_, 2).wants_gradient());
  }
  EXPECT_TRUE(ops::scale(context_, a_, 2).wants_gradient());
  EXPECT_FALSE(ops::scale(context_, a_->value, 2).wants_gradient());
  EXPECT_FALSE(ops::scale(context_, a_, 2).detach().wants_gradient());
}

TEST_F(TapeTest, RefusesASecondPassOverAFreedTape) {
  const Variable twice = ops::scale(context_, a_, 2);
  backward(context_, twice, ones());
  EXPECT_THAT(failure_text([&] { backward(context_, twice, ones()); }), HasSubstr("already freed"));
  EXPECT_THAT(failure_text([&] { backward(context_, ops::scale(context_, a_, 2)); }), HasSubstr("[2]"));
  EXPECT_THAT(failure_text([&] { backward(context_, a_->value, ones()); }), HasSubstr("nothing was recorded"));
  EXPECT_THAT(failure_text([&] { backward(context_, ops::scale(context_, a_, 2), context_.full({3}, 1)); }),
              HasSubstr("gradient has shape [3], the value [2]"));
}

TEST_F(TapeTest, NoticesThatASavedTensorWasWrittenTo) {
  const Variable y = ops::activation(context_, a_, Activation::gelu_tanh);
  context_.write(a_->value, std::vector<float>{7, 7});
  EXPECT_THAT(failure_text([&] { backward(context_, y, ones()); }), HasSubstr("was written to after"));
}

TEST_F(TapeTest, FreesSavedTensorsDuringThePass) {
  const std::size_t before = context_.memory().current_bytes;
  {
    Variable y = ops::activation(context_, ops::scale(context_, a_, 2), Activation::gelu_tanh);
    const std::size_t saved = context_.memory().current_bytes;
    EXPECT_GT(saved, before);
    backward(context_, y, ones());
    a_->gradient = {};
    EXPECT_LT(context_.memory().current_bytes, saved);
  }
  EXPECT_EQ(context_.memory().current_bytes, before);
}

// Keeps saved tensors as doubles on the host, as a stand-in for any other form.
class Doubling final : public SavedTensorHooks {
 public:
  struct Packed final : PackedTensor {
    Packed(const std::vector<float>& values, const Shape& dims) : numbers(values.begin(), values.end()), shape(dims) {}
    Tensor unpack(Context& context) override {
      return context.upload(std::vector<float>(numbers.begin(), numbers.end()), shape);
    }
    std::vector<double> numbers;
    Shape shape;
  };
  std::unique_ptr<PackedTensor> pack(Context& context, const Tensor& tensor) override {
    ++packed;
    return std::make_unique<Packed>(context.download(tensor), tensor.shape());
  }
  int packed = 0;
};

TEST_F(TapeTest, PassesWhatIsSavedThroughTheHooks) {
  const Parameter weight = random_parameter(context_, "weight", {3, 2}, 1);
  const Tensor x = random_tensor(context_, {4, 2}, 3);
  const auto run = [&] {
    weight->gradient = {};
    backward(context_, ops::activation(context_, ops::linear(context_, x, weight, {}), Activation::gelu_tanh),
             context_.full({4, 3}, 1));
    return gradient(weight);
  };
  const std::vector<float> plain = run();
  Doubling hooks;
  context_.set_saved_tensor_hooks(&hooks);
  const std::vector<float> hooked = run();
  context_.set_saved_tensor_hooks(nullptr);
  EXPECT_EQ(plain, hooked);
  EXPECT_EQ(hooks.packed, 2) << "x of linear and x of the activation; the weight lives anyway";
}

TEST_F(TapeTest, GradientCheckNoticesAWrongGradient) {
  const auto wrong = [&]() -> Variable {
    const Variable x(a_);
    Tensor y = context_.clone(a_->value);
    if (!recording(context_, {&x})) return y;
    return record(context_, "wrong", std::move(y), {&x},
                  [](BackwardCall& call) { call.give(0, call.context().full({2}, 0.5f)); });
  };
  const GradientCheckResult result = check_gradients(context_, wrong, std::vector{a_});
  EXPECT_FALSE(result.ok);
  EXPECT_THAT(result.where, HasSubstr("a["));
}

}  // namespace
}  // namespace athanor
