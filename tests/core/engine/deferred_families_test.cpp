// The backward pass in two halves over whole models: I and W have the bits of B.
#include "core/models/decoder/decoder.h"
#include "core/models/mlp/mlp.h"
#include "core/models/two_tower/two_tower.h"
#include "core/models/vit/vit.h"
#include "core/nn/finetune.h"
#include "core/ops/elementwise.h"
#include "core/ops/loss.h"
#include "core/precision/coded_product.h"
#include "core/precision/session.h"
#include "tests/core/engine/halves.h"

namespace athanor::models {
namespace {

using precision::Policy;
using test::Build;
using test::expect_halves_equal_whole;
using test::ids;
using test::Subject;

// Every layer in the formats of a policy, what lies between them in f32.
class AlikeLayers final : public nn::LayerPrecision {
 public:
  explicit AlikeLayers(Policy policy) : policy_(policy), stream_(policy == Policy::fp16 ? DType::f16 : DType::bf16) {}
  Variable enter(Context& context, const nn::Site&, const Variable& x) override {
    return ops::cast(context, x, stream_);
  }
  Variable leave(Context& context, const nn::Site&, const Variable& y) override {
    return ops::cast(context, y, DType::f32);
  }
  Variable linear(Context& context, const nn::Site& site, const Variable& x, const Variable& weight,
                  const Variable& bias, const ops::LinearOptions& options) override {
    const Variable in = enter(context, site, x);
    const Variable residual = options.residual.present() ? enter(context, site, options.residual) : Variable();
    if (!precision::is_fp8(policy_))
      return leave(context, site,
                   ops::linear(context, in, weight, bias, {.activation = options.activation, .residual = residual}));
    const auto format =
        policy_ == Policy::fp8_block ? precision::PassFormat::f8_block : precision::PassFormat::f8_tensor;
    Variable y = ops::scaled_linear(context, in, weight, bias, precision::product_options({format, format}, true));
    if (options.activation != Activation::none) y = ops::activation(context, y, options.activation);
    return leave(context, site, residual.present() ? ops::add(context, y, residual) : y);
  }

 private:
  Policy policy_;
  DType stream_;
};

// A model in the formats of one policy: the session decides where the model shows its layers, otherwise all are alike.
template <class Model>
class Rig {
 public:
  Rig(Context& context, const auto& config, Policy policy, const nn::FinetuneOptions* finetune = nullptr)
      : model(context, config, 3) {
    if constexpr (requires { model.parameters(); }) {
      if (finetune) nn::apply_finetune(context, model.parameters(), *finetune, 5);
      session_.emplace(context, precision::Settings{.policy = policy}, model.parameters(), precision::DeviceTraits{});
      session_->begin_step(0);
    } else if (policy != Policy::fp32) {
      alike_.emplace(policy);
      context.set_layer_precision(&*alike_);
    }
  }

  Model model;

 private:
  std::optional<precision::Session> session_;
  std::optional<AlikeLayers> alike_;
};

template <class Model>
Subject subject_of(const std::shared_ptr<Rig<Model>>& rig, const Shape& input, decltype(Subject::forward) forward) {
  Subject subject{.parameters = {}, .input = input, .forward = std::move(forward), .keeps = rig};
  for (const Parameter& parameter : rig->model.named_parameters())
    if (parameter->trainable) subject.parameters.push_back(parameter);
  return subject;
}

Build mlp(Policy policy) {
  return [policy](Context& context) {
    const auto rig =
        std::make_shared<Rig<Mlp>>(context, MlpConfig{.inputs = 6, .hidden = 24, .depth = 2, .classes = 5}, policy);
    return subject_of(rig, {10, 6}, [&model = rig->model](Context& c, const Variable& x, int) {
      return ops::cross_entropy(c, model.forward(c, x), ids(c, {0, 1, 2, 3, 4, 4, 3, 2, 1, 0}, {10}));
    });
  };
}

Build vit(Policy policy) {
  return [policy](Context& context) {
    const VitConfig config{.image_px = 8, .patch_px = 4, .width = 16, .depth = 2, .heads = 2, .outputs = 3};
    const auto rig = std::make_shared<Rig<Vit>>(context, config, policy);
    return subject_of(rig, {6, 8, 8, 3}, [&model = rig->model](Context& c, const Variable& x, int) {
      return ops::cross_entropy(c, model.forward(c, x), ids(c, {0, 1, 2, 2, 1, 0}, {6}));
    });
  };
}

Build decoder(Policy policy, bool tied) {
  return [=](Context& context) {
    const DecoderConfig config{.vocabulary = 17, .max_tokens = 8, .width = 16, .depth = 2, .heads = 2, .tied = tied};
    const auto rig = std::make_shared<Rig<Decoder>>(context, config, policy);
    return subject_of(rig, {1}, [&model = rig->model](Context& c, const Variable& x, int micro_batch) {
      std::vector<std::int32_t> words;
      for (int i = 0; i < 16; ++i) words.push_back((i * 5 + micro_batch * 3 + i * i) % 17);
      const Tensor words_BT = ids(c, words, {2, 8});
      return ops::add(c, model.loss(c, words_BT, words_BT), x);
    });
  };
}

TwoTowerConfig tiny_towers() {
  return {.image_px = 8,
          .stem_channels = {8, 16},
          .image_width = 24,
          .image_heads = 2,
          .text_width = 16,
          .text_heads = 2,
          .dropout = 0.2f,
          .vocabulary = 20,
          .max_tokens = 5,
          .embedding_dim = 12};
}

Build two_tower(Policy policy, const nn::FinetuneOptions* finetune = nullptr) {
  return [=](Context& context) {
    const auto rig = std::make_shared<Rig<TwoTower>>(context, tiny_towers(), policy, finetune);
    return subject_of(rig, {4, 8, 8, 3}, [&model = rig->model](Context& c, const Variable& x, int micro_batch) {
      std::vector<std::int32_t> words;
      for (int i = 0; i < 20; ++i) words.push_back((i * 7 + micro_batch) % 20);
      c.set_step(static_cast<std::uint32_t>(micro_batch));
      const auto out = model.forward(c, x, ids(c, words, {4, 5}), ids(c, {5, 1, 3, 2}, {4}));
      return ops::contrastive_loss(c, out.image_BD, out.text_BD, out.logit_scale);
    });
  };
}

constexpr Policy kPolicies[] = {Policy::fp32,        Policy::fp16,        Policy::bf16,
                                Policy::fp8_delayed, Policy::fp8_current, Policy::fp8_block};

class DeferredFamilies : public ::testing::TestWithParam<Policy> {};

TEST_P(DeferredFamilies, HaveTheBitsOfTheWholePass) {
  expect_halves_equal_whole(mlp(GetParam()), "mlp");
  expect_halves_equal_whole(vit(GetParam()), "vit");
  expect_halves_equal_whole(two_tower(GetParam()), "two_tower");
  for (const bool tied : {false, true})
    expect_halves_equal_whole(decoder(GetParam(), tied), tied ? "decoder, tied" : "decoder");
}

TEST_P(DeferredFamilies, HaveTheBitsOfTheWholePassWithHooks) {
  test::Offload hooks;
  expect_halves_equal_whole(vit(GetParam()), "vit", &hooks);
  expect_halves_equal_whole(two_tower(GetParam()), "two_tower", &hooks);
}

TEST_P(DeferredFamilies, HaveTheBitsOfTheWholePassWhereAdaptersLearn) {
  nn::FinetuneOptions finetune;
  finetune.freeze = {"text_tower", "image_tower.blocks"};
  finetune.lora_targets = {"text_tower.blocks", "image_tower.blocks"};
  finetune.lora = {.rank = 2, .alpha = 4, .dropout = 0.1f};
  expect_halves_equal_whole(two_tower(GetParam(), &finetune), "two_tower with adapters");
}

INSTANTIATE_TEST_SUITE_P(Policies, DeferredFamilies, ::testing::ValuesIn(kPolicies), [](const auto& of) {
  std::string name = to_string(of.param);
  std::erase_if(name, [](char c) { return c == '-'; });
  return name;
});

}  // namespace
}  // namespace athanor::models
