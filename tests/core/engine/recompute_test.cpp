// Parts of a model that are recomputed instead of kept: the bits of the plain pass, and what memory and hooks see.
#include "core/autograd/recompute.h"

#include "core/models/two_tower/two_tower.h"
#include "core/ops/elementwise.h"
#include "core/ops/gemm.h"
#include "core/ops/layout.h"
#include "core/ops/loss.h"
#include "core/ops/norm.h"
#include "core/precision/session.h"
#include "kernels/base/error.h"
#include "tests/core/engine/halves.h"

#include <array>

namespace athanor {
namespace {

using precision::Policy;
using test::Bits;
using test::bits;
using test::failure_text;
using test::ids;
using test::random_parameter;
using test::random_tensor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

enum class Keep { activations, inputs };

// ---- A contrastive batch in micro-batches ----

models::TwoTowerConfig tiny_towers() {
  return {.image_px = 8,
          .stem_channels = {8, 16},
          .image_width = 24,
          .image_heads = 2,
          .text_width = 16,
          .text_heads = 2,
          .dropout = 0.3f,
          .vocabulary = 20,
          .max_tokens = 5,
          .embedding_dim = 12};
}

// One step over a batch of which each micro-batch goes through the towers by itself.
class ContrastiveStep {
 public:
  static constexpr int kMicroBatches = 3, kPairs = 4;

  ContrastiveStep(int threads, Policy policy)
      : context(test::options(threads)),
        model(context, tiny_towers(), 3),
        session_(context, precision::Settings{.policy = policy}, model.parameters(), precision::DeviceTraits{}) {
    session_.begin_step(0);
    context.set_step(7);
  }

  Variable loss(Keep keep) {
    std::vector<Variable> images, texts;
    for (int micro_batch = 0; micro_batch < kMicroBatches; ++micro_batch) {
      images.push_back(image_part(keep, micro_batch));
      texts.push_back(text_part(keep, micro_batch));
    }
    return ops::contrastive_loss(context, ops::concat(context, images, 0), ops::concat(context, texts, 0),
                                 model.logit_scale());
  }
  std::map<std::string, Bits> gradients() const {
    std::map<std::string, Bits> all;
    for (const Parameter& parameter : model.named_parameters())
      all[parameter->path] = bits(context, parameter->gradient);
    return all;
  }

  Context context;
  models::TwoTower model;

 private:
  Variable run(Keep keep, std::initializer_list<Variable> inputs, Part part) {
    if (keep == Keep::inputs) return recompute(context, {inputs.begin(), inputs.size()}, std::move(part));
    return part(context, {inputs.begin(), inputs.size()});
  }
  Variable image_part(Keep keep, int micro_batch) {
    const Tensor images = random_tensor(context, {kPairs, 8, 8, 3}, 5 + static_cast<std::uint64_t>(micro_batch));
    return run(keep, {images},
               [this](Context& c, std::span<const Variable> in) { return model.encode_images(c, in[0]); });
  }
  Variable text_part(Keep keep, int micro_batch) {
    std::vector<std::int32_t> words;
    for (int i = 0; i < kPairs * 5; ++i) words.push_back((i * 7 + micro_batch) % 20);
    const Tensor words_BT = ids(context, words, {kPairs, 5}), lengths_B = ids(context, {5, 1, 3, 2}, {kPairs});
    return run(keep, {},
               [=, this](Context& c, std::span<const Variable>) { return model.encode_texts(c, words_BT, lengths_B); });
  }

  precision::Session session_;
};

TEST(Recompute, HasTheBitsOfThePlainPassOverAContrastiveBatch) {
  for (const Policy policy : {Policy::fp32, Policy::bf16, Policy::fp8_current}) {
    ContrastiveStep plain(1, policy);
    const Variable loss = plain.loss(Keep::activations);
    backward(plain.context, loss, 3.0f);
    for (const int threads : {1, 2})
      for (const bool halves : {false, true}) {
        SCOPED_TRACE(std::string(to_string(policy)) + (halves ? " in halves" : ""));
        ContrastiveStep step(threads, policy);
        const Variable again = step.loss(Keep::inputs);
        EXPECT_EQ(bits(step.context, again.value()), bits(plain.context, loss.value()));
        // Meanwhile the run may have gone on to judge, and to another step.
        step.context.set_training(false);
        step.context.set_step(8);
        if (halves)
          input_gradients(step.context, again, 3.0f).run();
        else
          backward(step.context, again, 3.0f);
        EXPECT_EQ(step.gradients(), plain.gradients());
        EXPECT_FALSE(step.context.training());
        EXPECT_EQ(step.context.step(), 8u);
      }
  }
}

TEST(Recompute, HoldsTheActivationsOfOneMicroBatchAtATime) {
  const auto peak = [](Keep keep) {
    ContrastiveStep step(1, Policy::fp32);
    const std::size_t before = step.context.memory().of(MemoryTag::activations);
    step.context.allocator().reset_peak();
    backward(step.context, step.loss(keep));
    EXPECT_EQ(step.context.memory().of(MemoryTag::activations), before);
    return step.context.memory().by_tag_at_peak[static_cast<std::size_t>(MemoryTag::activations)];
  };
  EXPECT_LT(2 * peak(Keep::inputs), peak(Keep::activations));
}

TEST(Recompute, CallsAHookOnceTheLastPartHasGivenItsGradient) {
  ContrastiveStep step(1, Policy::fp32);
  std::map<std::string, Bits> told;
  for (const Parameter& parameter : step.model.named_parameters())
    parameter->hooks.push_back([&](Context& context, ParameterState& of) {
      EXPECT_TRUE(told.emplace(of.path, bits(context, of.gradient)).second) << of.path << " is told twice";
    });
  backward(step.context, step.loss(Keep::inputs));
  EXPECT_EQ(told, step.gradients());
}

// ---- Parts of any kind ----

class PartTest : public ::testing::Test {
 protected:
  Context context_{test::options()};
  Parameter weight_ = random_parameter(context_, "weight", {8, 8}, 1),
            gain_ = random_parameter(context_, "gain", {8}, 2);
  InputLeaf input_{context_, random_tensor(context_, {6, 8}, 3)};
  Tensor dy_ = random_tensor(context_, {6, 8}, 4);

  // x is used before the part, twice within it and after it: four gradients that must be added in that order.
  Variable block(Keep keep, bool nested = false) {
    const Variable x = ops::scale(context_, input_.variable(), 1.25f);
    const Part inner = [this](Context& c, std::span<const Variable> in) {
      return ops::linear(c, ops::rms_norm(c, in[0], gain_), weight_, {}, {.activation = Activation::silu});
    };
    const Part part = [=, this](Context& c, std::span<const Variable> in) {
      const Variable y = nested ? recompute(c, in.first(1), inner) : inner(c, in);
      return ops::add(c, ops::linear(c, y, weight_, {}, {.residual = in[0]}), in[1]);
    };
    const std::array inputs{x, Variable(gain_)};
    const Variable y = keep == Keep::inputs ? recompute(context_, inputs, part) : part(context_, inputs);
    return ops::add(context_, ops::rms_norm(context_, ops::add(context_, y, x), gain_), x);
  }
  std::vector<Bits> gradients() {
    std::vector<Bits> all{bits(context_, input_.take_gradient())};
    for (const Parameter& parameter : {weight_, gain_}) {
      all.push_back(bits(context_, parameter->gradient));
      parameter->gradient = {};
    }
    input_ = InputLeaf(context_, random_tensor(context_, {6, 8}, 3));
    return all;
  }
};

TEST_F(PartTest, AddsGradientsInTheOrderOfThePlainPass) {
  backward(context_, block(Keep::activations), dy_);
  const auto plain = gradients();
  for (const bool nested : {false, true}) {
    backward(context_, block(Keep::inputs, nested), dy_);
    EXPECT_EQ(gradients(), plain);
    input_gradients(context_, block(Keep::inputs, nested), dy_).run();
    EXPECT_EQ(gradients(), plain);
    test::Offload hooks;
    context_.set_saved_tensor_hooks(&hooks);
    backward(context_, block(Keep::inputs, nested), dy_);
    context_.set_saved_tensor_hooks(nullptr);
    EXPECT_EQ(gradients(), plain);
  }
}

TEST_F(PartTest, MayGiveBackAnInputOrAParameterAsItIs) {
  const std::array inputs{input_.variable()};
  const Variable x = recompute(context_, inputs, [](Context&, std::span<const Variable> in) { return in[0]; });
  backward(context_, x, dy_);
  EXPECT_EQ(bits(context_, input_.take_gradient()), bits(context_, dy_));
  const Variable y = recompute(context_, {}, [this](Context&, std::span<const Variable>) { return Variable(gain_); });
  const Tensor dgain = random_tensor(context_, {8}, 6);
  backward(context_, y, dgain);
  EXPECT_EQ(bits(context_, gain_->gradient), bits(context_, dgain));
}

TEST_F(PartTest, IsThePartAloneWhereNothingIsRecorded) {
  int calls = 0;
  const Part part = [&](Context& c, std::span<const Variable> in) {
    ++calls;
    return ops::linear(c, in[0], weight_, {});
  };
  const std::array inputs{input_.variable()};
  {
    const NoGradient scope(context_);
    EXPECT_FALSE(recompute(context_, inputs, part).wants_gradient());
  }
  EXPECT_EQ(calls, 1);
}

TEST_F(PartTest, RefusesAValueThatIsNoInput) {
  const Variable x = ops::scale(context_, input_.variable(), 1.25f);
  const Variable y =
      recompute(context_, {}, [&](Context& c, std::span<const Variable>) { return ops::linear(c, x, weight_, {}); });
  EXPECT_THAT(failure_text([&] { backward(context_, y, dy_); }),
              HasSubstr("from the result of scale, which is not among the inputs of its part"));
  const Variable z = recompute(context_, {}, [&](Context&, std::span<const Variable>) { return x; });
  EXPECT_THAT(failure_text([&] { backward(context_, z, dy_); }), HasSubstr("not among the inputs of its part"));
}

TEST_F(PartTest, RefusesAnotherShapeThanBefore) {
  std::int64_t rows = 6;
  const std::array inputs{input_.variable()};
  const Variable y = recompute(
      context_, inputs, [&](Context& c, std::span<const Variable> in) { return ops::leading(c, in[0], rows--); });
  EXPECT_THAT(failure_text([&] { backward(context_, y, dy_); }),
              HasSubstr("it gave the shape [5, 8], at first [6, 8]"));
  EXPECT_TRUE(context_.recording());
}

TEST_F(PartTest, NoticesThatAnInputWasWrittenTo) {
  const Tensor x = random_tensor(context_, {6, 8}, 5);
  const std::array inputs{Variable(x)};
  const Variable y = recompute(
      context_, inputs, [&](Context& c, std::span<const Variable> in) { return ops::linear(c, in[0], weight_, {}); });
  context_.write(x, std::vector<float>(48, 1.0f));
  EXPECT_THAT(failure_text([&] { backward(context_, y, dy_); }), HasSubstr("was written to after"));
}

}  // namespace
}  // namespace athanor
