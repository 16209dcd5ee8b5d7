// A model whose gradients are right is found right; one gradient made wrong on purpose is found, and it alone.
#include "core/autograd/gradient_doctor.h"

#include "core/autograd/node.h"
#include "core/nn/layers.h"
#include "core/ops/elementwise.h"
#include "core/ops/loss.h"
#include "tests/core/engine/support.h"

namespace athanor {
namespace {

using ::testing::HasSubstr;

// x itself; its gradient is spoilt on the way back.
using Spoil = std::function<void(std::vector<float>&)>;
Variable spoilt(Context& context, const Variable& x, const Spoil& spoil) {
  if (!recording(context, {&x})) return x;
  return record(context, "spoilt", x.value(), {&x}, [spoil, shape = x.shape()](BackwardCall& call) {
    std::vector<float> gradient = call.context().download(call.output_gradient());
    spoil(gradient);
    call.give(0, call.context().upload(gradient, shape));
  });
}

struct Model {
  Context context{test::options(2)};
  nn::ParameterSet set;
  nn::Scope scope{context, set, 5};
  nn::Linear up{scope.child("up"), {.in = 6, .out = 24}};
  nn::LayerNorm norm{scope.child("norm"), 24};
  nn::Linear down{scope.child("down"), {.in = 24, .out = 8}};
  Tensor image = test::random_tensor(context, {10, 6}, 1), text = test::random_tensor(context, {10, 8}, 2);
  Parameter scale = make_parameter("scale", context.full({1}, 1.5f));
  Spoil spoil;

  Variable loss() {
    Variable h = norm.forward(context, up.forward(context, image, {.activation = Activation::gelu_erf}));
    Variable weight = set.find("down.weight");
    if (spoil) weight = spoilt(context, weight, spoil);
    const Variable y = ops::linear(context, h, weight, set.find("down.bias"));
    return ops::contrastive_loss(context, ops::l2_normalize(context, y), ops::l2_normalize(context, Variable(text)),
                                 scale);
  }
  std::vector<GradientRow> examine() {
    std::vector<Parameter> parameters = set.all();
    parameters.push_back(scale);
    return examine_gradients(
        context, [this] { return loss(); }, parameters);
  }
};

TEST(GradientDoctor, FindsNothingWrongInASoundModelAndLeavesItAsItWas) {
  Model model;
  const auto before = model.context.download(model.set.find("up.weight")->value);
  const auto rows = model.examine();
  ASSERT_EQ(rows.size(), 7U);
  for (const GradientRow& row : rows) {
    EXPECT_EQ(row.verdict, GradientVerdict::right) << row.path << " along " << row.direction << ": tape " << row.tape
                                                   << ", differences " << row.numeric << " +- " << row.uncertainty;
    EXPECT_LT(row.error, 1.0) << row.path;
  }
  EXPECT_EQ(model.context.download(model.set.find("up.weight")->value), before);
  EXPECT_FALSE(model.scale->gradient.present());
}

void expect_only_down_weight_wrong(Model& model) {
  const auto rows = model.examine();
  EXPECT_EQ(rows.front().path, "down.weight");
  EXPECT_EQ(rows.front().verdict, GradientVerdict::wrong);
  EXPECT_GT(rows.front().error, 1.0);
  for (std::size_t i = 1; i < rows.size(); ++i) EXPECT_EQ(rows[i].verdict, GradientVerdict::right) << rows[i].path;
}

TEST(GradientDoctor, FindsAGradientThatIsATenthTooLarge) {
  Model model;
  model.spoil = [](std::vector<float>& gradient) {
    for (float& value : gradient) value *= 1.1f;
  };
  expect_only_down_weight_wrong(model);
}

TEST(GradientDoctor, FindsAGradientWithItsRowsInAnotherOrder) {
  Model model;
  model.spoil = [](std::vector<float>& gradient) {
    std::rotate(gradient.begin(), gradient.begin() + 24, gradient.end());
  };
  expect_only_down_weight_wrong(model);
}

TEST(GradientDoctor, FindsAGradientThatIsMissing) {
  Model model;
  model.spoil = [](std::vector<float>& gradient) { std::fill(gradient.begin(), gradient.end(), 0.0f); };
  expect_only_down_weight_wrong(model);
}

TEST(GradientDoctor, HoldsWhatIsRecordedAgainstDifferencesOfTheLossItself) {
  Model model;
  std::vector<Parameter> parameters = model.set.all();
  const auto examined = [&](const GradientDoctorOptions& how) {
    return examine_gradients(
        model.context, [&] { return model.loss(); }, parameters, how);
  };
  const auto times = [&](float factor) {
    return [&, factor] { return ops::scale(model.context, model.loss(), factor); };
  };
  for (const GradientRow& row : examined({.recorded = times(1.0f), .scale = 64}))
    EXPECT_EQ(row.verdict, GradientVerdict::right) << row.path;
  for (const GradientRow& row : examined({.recorded = times(1.1f)}))
    EXPECT_EQ(row.verdict, GradientVerdict::wrong) << row.path;
  for (const GradientRow& row : examined({.relative = 0.2, .recorded = times(1.1f), .noise = 0.2}))
    EXPECT_NE(row.verdict, GradientVerdict::wrong) << row.path;
}

TEST(GradientDoctor, RefusesALossThatIsNotFinite) {
  Model model;
  model.context.write(model.scale->value, std::vector<float>{std::nanf("")});
  EXPECT_THAT(test::failure_text([&] { return model.examine(); }), HasSubstr("the loss is nan"));
}

}  // namespace
}  // namespace athanor
