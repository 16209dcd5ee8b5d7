#include "core/models/two_tower/two_tower.h"

#include "core/autograd/backward.h"
#include "core/ops/loss.h"
#include "core/optim/adamw.h"
#include "tests/core/engine/support.h"

#include <cmath>
#include <map>

namespace athanor::models {
namespace {

using test::failure_text;
using ::testing::Contains;
using ::testing::HasSubstr;

TwoTowerConfig tiny() {
  return {.image_px = 8,
          .stem_channels = {8, 12},
          .image_width = 16,
          .image_heads = 2,
          .text_width = 16,
          .text_heads = 2,
          .vocabulary = 20,
          .max_tokens = 5,
          .embedding_dim = 12};
}

struct Batch {
  Tensor images, ids, lengths;
};

Batch make_batch(Context& context, const TwoTowerConfig& config, std::int64_t size) {
  const Shape images{size, config.image_px, config.image_px, 3};
  if (context.dry())
    return {context.empty(images, DType::f32, MemoryTag::data),
            context.empty({size, config.max_tokens}, DType::i32, MemoryTag::data),
            context.empty({size}, DType::i32, MemoryTag::data)};
  std::vector<std::int32_t> words, lengths;
  for (std::int64_t sample = 0; sample < size; ++sample) {
    for (std::int64_t token = 0; token < config.max_tokens; ++token)
      words.push_back(static_cast<std::int32_t>((sample * 7 + token * 3 + sample * token) % config.vocabulary));
    lengths.push_back(static_cast<std::int32_t>(1 + sample % config.max_tokens));
  }
  return {test::random_tensor(context, images, 5), test::ids(context, words, {size, config.max_tokens}),
          test::ids(context, lengths, {size})};
}

struct Training {
  explicit Training(int threads, const TwoTowerConfig& model_config = tiny(), std::int64_t size = 8)
      : Training(test::options(threads), model_config, size) {}
  Training(const ContextOptions& options, const TwoTowerConfig& model_config, std::int64_t size)
      : context(options),
        model(context, model_config, 3),
        optimizer(context, model.named_parameters(), {}),
        batch(make_batch(context, model_config, size)) {}

  float step(float rate = 3e-3f) {
    const Variable loss = forward();
    backward(context, loss);
    static_cast<void>(optimizer.step(context, {.learning_rate = rate, .max_norm = 1.0f}));
    optimizer.clear_gradients();
    return context.download(loss.value())[0];
  }
  Variable forward() {
    const TwoTowerOutput output = model.forward(context, batch.images, batch.ids, batch.lengths);
    return ops::contrastive_loss(context, output.image_BD, output.text_BD, output.logit_scale);
  }

  Context context;
  TwoTower model;
  optim::AdamW optimizer;
  Batch batch;
};

TEST(TwoTower, NamesItsParametersByPath) {
  Training run(1);
  std::vector<std::string> paths;
  for (const Parameter& parameter : run.model.named_parameters()) paths.push_back(parameter->path);
  for (const char* path :
       {"image_tower.stem.0.conv.weight", "image_tower.stem.1.norm.gain", "image_tower.project.weight",
        "image_tower.positions.weight", "image_tower.blocks.0.attention.qkv.weight", "image_tower.norm.bias",
        "image_tower.head.weight", "text_tower.words.weight", "text_tower.blocks.0.mlp.down.bias", "logit_scale"})
    EXPECT_THAT(paths, Contains(path));
  for (const Parameter& parameter : run.model.named_parameters()) {
    const bool matrix = parameter->path.ends_with(".weight") && !parameter->path.ends_with("positions.weight");
    EXPECT_EQ(parameter->decays, matrix) << parameter->path;
    EXPECT_FLOAT_EQ(parameter->rate, parameter->path == "logit_scale" ? 10.0f : 1.0f) << parameter->path;
  }
}

TEST(TwoTower, GivesUnitRowsAndTheFirstTemperature) {
  Training run(1);
  const TwoTowerOutput output = run.model.forward(run.context, run.batch.images, run.batch.ids, run.batch.lengths);
  for (const Variable& rows : {output.image_BD, output.text_BD}) {
    ASSERT_EQ(rows.shape(), (Shape{8, 12}));
    const std::vector<float> numbers = run.context.download(rows.value());
    for (std::size_t row = 0; row < 8; ++row) {
      double squares = 0;
      for (std::size_t k = 0; k < 12; ++k)
        squares += static_cast<double>(numbers[row * 12 + k]) * numbers[row * 12 + k];
      EXPECT_NEAR(squares, 1, 1e-5);
    }
  }
  EXPECT_NEAR(std::exp(run.context.download(output.logit_scale.value())[0]), 5.0f, 1e-4);
}

TEST(TwoTower, AnswersForASampleDoNotDependOnItsBatch) {
  Training run(1);
  const NoGradient scope(run.context);
  const auto of = [&](const Tensor& images, const Tensor& ids, const Tensor& lengths) {
    const TwoTowerOutput output = run.model.forward(run.context, images, ids, lengths);
    std::vector<float> numbers = run.context.download(output.image_BD.value());
    for (const float number : run.context.download(output.text_BD.value())) numbers.push_back(number);
    return numbers;
  };
  const auto all = of(run.batch.images, run.batch.ids, run.batch.lengths);
  const auto some =
      of(run.batch.images.narrow(0, 2, 3), run.batch.ids.narrow(0, 2, 3), run.batch.lengths.narrow(0, 2, 3));
  for (std::size_t k = 0; k < 36; ++k) {
    EXPECT_NEAR(all[2 * 12 + k], some[k], 1e-5);
    EXPECT_NEAR(all[8 * 12 + 2 * 12 + k], some[36 + k], 1e-5);
  }
}

TEST(TwoTower, ReachesEveryParameter) {
  Training run(1);
  backward(run.context, run.forward());
  for (const Parameter& parameter : run.model.named_parameters()) {
    ASSERT_TRUE(parameter->gradient.present()) << parameter->path;
    const std::vector<float> numbers = run.context.download(parameter->gradient);
    EXPECT_TRUE(std::any_of(numbers.begin(), numbers.end(), [](float g) { return g != 0; })) << parameter->path;
  }
}

TEST(TwoTower, GradientsAgreeWithFiniteDifferences) {
  Training run(1, tiny(), 4);
  std::vector<Parameter> some;
  for (const char* path :
       {"image_tower.head.weight", "image_tower.blocks.0.attention.qkv.weight", "image_tower.positions.weight",
        "text_tower.words.weight", "text_tower.blocks.0.mlp.up.weight", "text_tower.norm.gain", "logit_scale"})
    some.push_back(run.model.parameters().find(path));
  test::expect_gradients(run.context, [&] { return run.forward(); }, some,
                         {.relative = 3e-2, .absolute = 1e-2, .samples = 12});
}

TEST(TwoTower, LearnsOneBatchByHeart) {
  Training run(2);
  const float first = run.step();
  EXPECT_NEAR(first, std::log(8.0f), 0.7f);
  float last = first;
  for (int step = 0; step < 80; ++step) last = run.step();
  EXPECT_LT(last, 0.1f * first);
}

TEST(TwoTower, ComputesTheSameBitsWithAnyNumberOfThreads) {
  // Large enough for kernels to divide their work.
  TwoTowerConfig config = tiny();
  config.image_px = 16;
  config.stem_channels = {16, 32};
  config.image_width = 48;
  config.text_width = 32;
  Training one(1, config, 24), two(2, config, 24), three(3, config, 24);
  for (int step = 0; step < 3; ++step) {
    const float loss = one.step();
    EXPECT_EQ(loss, two.step());
    EXPECT_EQ(loss, three.step());
  }
  for (std::size_t i = 0; i < one.model.named_parameters().size(); ++i) {
    const auto values = [i](Training& run) { return run.context.download(run.model.named_parameters()[i]->value); };
    EXPECT_EQ(values(one), values(two)) << one.model.named_parameters()[i]->path;
    EXPECT_EQ(values(one), values(three)) << one.model.named_parameters()[i]->path;
  }
}

TEST(TwoTower, RefusesSizesThatDoNotFit) {
  Context context(test::options());
  const auto text_of = [&](auto&& change) {
    TwoTowerConfig config = tiny();
    change(config);
    return failure_text([&] { TwoTower model(context, config, 0); });
  };
  EXPECT_THAT(text_of([](TwoTowerConfig& config) { config.image_px = 10; }),
              HasSubstr("data.image_px a multiple of 4"));
  EXPECT_THAT(text_of([](TwoTowerConfig& config) { config.image_heads = 3; }), HasSubstr("model.image_heads"));
  EXPECT_THAT(text_of([](TwoTowerConfig& config) { config.text_heads = 3; }), HasSubstr("model.text_heads"));
  EXPECT_THAT(text_of([](TwoTowerConfig& config) { config.vocabulary = 0; }), HasSubstr("vocabulary"));
  Training run(1);
  EXPECT_THAT(failure_text([&] {
                return run.model.encode_images(run.context, run.context.zeros({2, 8, 7, 3}));
              }),
              HasSubstr("[2, 8, 7, 3]"));
  const Tensor long_text = test::ids(run.context, std::vector<std::int32_t>(6, 1), {1, 6});
  EXPECT_THAT(failure_text([&] { return run.model.encode_texts(run.context, long_text, {}); }), HasSubstr("at most 5"));
}

TEST(DryRun, PredictsTheMemoryOfTrainingExactly) {
  ContextOptions options = test::options(2);
  Training real(options, tiny(), 16);
  options.dry = true;
  Training dry(options, tiny(), 16);
  for (int step = 0; step < 4; ++step) {
    real.step();
    dry.step();
    const MemoryStats measured = real.context.memory(), predicted = dry.context.memory();
    EXPECT_EQ(predicted.peak_bytes, measured.peak_bytes);
    EXPECT_EQ(predicted.peak_reserved_bytes, measured.peak_reserved_bytes);
    EXPECT_EQ(predicted.by_tag_at_peak, measured.by_tag_at_peak);
    EXPECT_EQ(predicted.allocations, measured.allocations);
  }
  EXPECT_GT(real.context.memory().peak_bytes, 100000u);
}

class Adder final : public WorkObserver {
 public:
  void on_launch(const char* op, const Work& work) noexcept override {
    flops[op] += work.flops;
    sum += work.flops;
  }
  std::map<std::string, double> flops;
  double sum = 0;
};

TEST(DryRun, CountsTheWorkOfAStep) {
  const auto work = [](std::int64_t size) {
    Training dry({.dry = true}, tiny(), size);
    Adder forward, all;
    dry.context.set_work_observer(&forward);
    static_cast<void>(dry.forward());
    dry.context.set_work_observer(&all);
    dry.step();
    return std::pair(forward, all);
  };
  const auto [forward, all] = work(16);
  // The first convolution by hand: 16 pictures, 8 x 8 positions, 8 channels out, windows of 3 x 3 x 3; then 4 x 4
  // positions, 12 channels out, windows of 3 x 3 x 8.
  EXPECT_DOUBLE_EQ(forward.flops.at("conv2d"), 2.0 * 16 * (64 * 8 * 27 + 16 * 12 * 72));
  // The pictures themselves want no gradient.
  EXPECT_DOUBLE_EQ(all.flops.at("conv2d_grad"), 2.0 * 16 * (64 * 8 * 27 + 2 * 16 * 12 * 72));
  EXPECT_GT(all.sum, 2.2 * forward.sum);
  EXPECT_LT(all.sum, 4 * forward.sum);
  EXPECT_NEAR(work(32).first.sum / forward.sum, 2, 0.1);
}

TEST(DryRun, CostsNothingForAModelThatFitsNowhere) {
  TwoTowerConfig config = tiny();
  config.image_px = 256;
  config.image_width = 4096;
  config.image_depth = 48;
  config.text_width = 4096;
  Training dry({.dry = true}, config, 4096);
  dry.step();
  EXPECT_GT(dry.context.memory().peak_bytes, std::size_t{1} << 42);
}

}  // namespace
}  // namespace athanor::models
