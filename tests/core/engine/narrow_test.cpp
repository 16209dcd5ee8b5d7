// Every op on activations in f16 and bf16: the same bits as widening, computing in f32 and rounding by hand.
#include "core/autograd/backward.h"
#include "core/autograd/node.h"
#include "core/ops/attention.h"
#include "core/ops/conv.h"
#include "core/ops/elementwise.h"
#include "core/ops/gemm.h"
#include "core/ops/index.h"
#include "core/ops/layout.h"
#include "core/ops/loss.h"
#include "core/ops/norm.h"
#include "core/ops/reduce.h"
#include "kernels/base/number_format.h"
#include "tests/core/engine/support.h"

namespace athanor {
namespace {

using test::failure_text;
using test::ids;
using test::options;
using test::random_numbers;
using test::random_parameter;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::vector<float> rounded(DType format, std::vector<float> values) {
  with_narrow_format(format, [&]<class Format>() {
    for (float& value : values) value = Format::decode(Format::encode(value));
  });
  return values;
}

// What an op gives: its output, the gradients of its activations and of its parameters.
struct Outcome {
  DType format = DType::f32;
  std::vector<float> y;
  std::vector<std::vector<float>> activation_gradients;
  std::vector<DType> gradient_formats;
  std::vector<std::vector<float>> parameter_gradients;
};

using Activations = std::vector<Variable>;
using Op = std::function<Variable(Context&, const Activations&, const std::vector<Parameter>&)>;

struct Case {
  std::string name;
  std::vector<Shape> activations, parameters;
  Op op;
  bool keeps_rounded = false;  // the gradient starts from a rounded result, so only nearness can be asked for
  bool rounds_weight = false;  // the first parameter is multiplied by the activations, in their format
};

// `format` is what the activations are held in; their numbers and the gradient's are rounded to `numbers` first.
Outcome run(const Case& test_case, DType format, DType numbers) {
  Context context(options());
  Activations activations;
  std::vector<Parameter> leaves, parameters;
  std::uint64_t seed = 7;
  for (const Shape& shape : test_case.activations) {
    const auto values = rounded(numbers, random_numbers(shape.numel(), ++seed));
    leaves.push_back(make_parameter("x", context.upload_as(format, values, shape)));
    activations.emplace_back(leaves.back());
  }
  for (const Shape& shape : test_case.parameters) {
    auto values = random_numbers(shape.numel(), ++seed);
    if (test_case.rounds_weight && parameters.empty() && format == DType::f32) values = rounded(numbers, values);
    parameters.push_back(make_parameter("p", context.upload(values, shape)));
  }
  // Leaves that are activations are reached through an op, so that their gradients keep their format.
  Activations reached;
  std::vector<Tensor> given(activations.size());
  for (const Variable& activation : activations)
    reached.push_back(
        record(context, "probe", activation.value(), {&activation},
               [&given, index = reached.size()](BackwardCall& call) { given[index] = call.output_gradient(); }));
  const Variable y = test_case.op(context, reached, parameters);
  const auto dy = rounded(numbers, random_numbers(y.numel(), 99));
  backward(context, y, context.upload_as(y.value().dtype(), dy, y.shape()));
  Outcome outcome;
  outcome.format = y.value().dtype();
  outcome.y = context.download(y.value());
  for (const Tensor& gradient : given) {
    outcome.gradient_formats.push_back(gradient.dtype());
    outcome.activation_gradients.push_back(context.download(gradient));
  }
  for (const Parameter& parameter : parameters) {
    EXPECT_EQ(parameter->gradient.dtype(), DType::f32) << "gradients of parameters stay wide";
    outcome.parameter_gradients.push_back(context.download(parameter->gradient));
  }
  return outcome;
}

void expect_near(const std::vector<float>& got, const std::vector<float>& want, double tolerance) {
  ASSERT_EQ(got.size(), want.size());
  double largest = 0;
  for (const float value : want) largest = std::max(largest, std::abs(static_cast<double>(value)));
  ASSERT_GT(largest, 0);
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], tolerance * largest) << i;
}

void expect_twin(const Case& test_case, DType format) {
  SCOPED_TRACE(test_case.name + " in " + to_string(format));
  const Outcome narrow = run(test_case, format, format), wide = run(test_case, DType::f32, format);
  EXPECT_EQ(narrow.format, format);
  EXPECT_EQ(narrow.y, rounded(format, wide.y));
  const double nearness = format == DType::bf16 ? 0.03 : 0.004;
  for (std::size_t i = 0; i < wide.activation_gradients.size(); ++i) {
    EXPECT_EQ(narrow.gradient_formats[i], format);
    if (test_case.keeps_rounded)
      expect_near(narrow.activation_gradients[i], wide.activation_gradients[i], nearness);
    else
      EXPECT_EQ(narrow.activation_gradients[i], rounded(format, wide.activation_gradients[i]));
  }
  for (std::size_t i = 0; i < wide.parameter_gradients.size(); ++i) {
    if (test_case.keeps_rounded)
      expect_near(narrow.parameter_gradients[i], wide.parameter_gradients[i], nearness);
    else
      EXPECT_EQ(narrow.parameter_gradients[i], wide.parameter_gradients[i]);
  }
}

std::vector<Case> product_cases() {
  const auto x = [](const Activations& all) { return all[0]; };
  using P = std::vector<Parameter>;
  return {
      {"linear",
       {{6, 5}},
       {{4, 5}, {4}},
       [=](Context& c, const Activations& a, const P& p) { return ops::linear(c, x(a), p[0], p[1]); },
       false,
       true},
      {"linear with residual",
       {{6, 5}, {6, 4}},
       {{4, 5}, {4}},
       [=](Context& c, const Activations& a, const P& p) {
         return ops::linear(c, x(a), p[0], p[1], {.activation = Activation::gelu_erf, .residual = a[1]});
       },
       true,
       true},
      {"matmul",
       {{3, 4}, {4, 5}},
       {},
       [=](Context& c, const Activations& a, const P&) { return ops::matmul(c, a[0], a[1]); }},
      {"conv2d",
       {{2, 5, 4, 3}},
       {{4, 3, 3, 3}, {4}},
       [=](Context& c, const Activations& a, const P& p) {
         return ops::conv2d(c, x(a), p[0], p[1], {.stride = 1, .padding = 1});
       },
       false,
       true},
      {"max_pool2d",
       {{2, 4, 4, 3}},
       {},
       [=](Context& c, const Activations& a, const P&) { return ops::max_pool2d(c, x(a)); }},
      {"avg_pool2d",
       {{2, 4, 4, 3}},
       {},
       [=](Context& c, const Activations& a, const P&) { return ops::avg_pool2d(c, x(a)); }},
      {"attention",
       {{2, 5, 3, 2, 8}},
       {},
       [=](Context& c, const Activations& a, const P&) { return ops::attention(c, x(a), {}); },
       true},
  };
}

std::vector<Case> row_cases() {
  const auto x = [](const Activations& all) { return all[0]; };
  using P = std::vector<Parameter>;
  return {
      {"layer_norm",
       {{7, 6}},
       {{6}, {6}},
       [=](Context& c, const Activations& a, const P& p) { return ops::layer_norm(c, x(a), p[0], p[1]); }},
      {"rms_norm",
       {{7, 6}},
       {{6}},
       [=](Context& c, const Activations& a, const P& p) { return ops::rms_norm(c, x(a), p[0]); }},
      {"group_norm",
       {{2, 3, 2, 8}},
       {{8}, {8}},
       [=](Context& c, const Activations& a, const P& p) {
         return ops::group_norm(c, x(a), p[0], p[1], {.groups = 2});
       }},
      {"l2_normalize",
       {{4, 7}},
       {},
       [=](Context& c, const Activations& a, const P&) { return ops::l2_normalize(c, x(a)); },
       true},
      {"masked_mean",
       {{2, 3, 4}},
       {},
       [=](Context& c, const Activations& a, const P&) {
         return ops::masked_mean(c, x(a), ids(c, {2, 3}, {2}));
       }},
  };
}

std::vector<Case> element_cases() {
  const auto x = [](const Activations& all) { return all[0]; };
  using P = std::vector<Parameter>;
  return {
      {"activation",
       {{5, 9}},
       {},
       [=](Context& c, const Activations& a, const P&) { return ops::activation(c, x(a), Activation::gelu_tanh); }},
      {"add",
       {{4, 6}, {4, 6}},
       {},
       [=](Context& c, const Activations& a, const P&) { return ops::add(c, a[0], a[1]); }},
      {"add of a parameter",
       {{3, 4, 6}},
       {{4, 6}},
       [=](Context& c, const Activations& a, const P& p) { return ops::add(c, a[0], p[0]); }},
      {"scale", {{4, 6}}, {}, [=](Context& c, const Activations& a, const P&) { return ops::scale(c, x(a), 0.7f); }},
      {"dropout",
       {{40, 6}},
       {},
       [=](Context& c, const Activations& a, const P&) {
         return ops::dropout(c, x(a), {.probability = 0.4f, .stream = 3});
       }},
      {"reshape",
       {{4, 6}},
       {},
       [=](Context& c, const Activations& a, const P&) {
         return ops::reshape(c, x(a), {8, 3});
       }},
      {"batched_matmul",
       {{2, 3, 4}, {4, 5}},
       {{5}},
       [=](Context& c, const Activations& a, const P& p) {
         return ops::batched_matmul(c, a[0], a[1], {.bias = p[0]});
       }},
      {"softmax",
       {{4, 6}},
       {},
       [=](Context& c, const Activations& a, const P&) { return ops::softmax(c, x(a)); },
       true},
      {"log_softmax",
       {{4, 6}},
       {},
       [=](Context& c, const Activations& a, const P&) { return ops::log_softmax(c, x(a)); },
       true},
      {"swiglu", {{4, 6}}, {}, [=](Context& c, const Activations& a, const P&) { return ops::swiglu(c, x(a)); }},
      {"sum", {{4, 6}}, {}, [=](Context& c, const Activations& a, const P&) { return ops::sum(c, x(a), 0); }},
      {"mean", {{4, 6}}, {}, [=](Context& c, const Activations& a, const P&) { return ops::mean(c, x(a), 1); }},
      {"max", {{4, 6}}, {}, [=](Context& c, const Activations& a, const P&) { return ops::max(c, x(a), 1); }},
      {"gather",
       {{4, 6}},
       {},
       [=](Context& c, const Activations& a, const P&) {
         return ops::gather(c, x(a), 1, ids(c, {5, 0, 5}, {3}));
       }},
      {"scatter_add",
       {{4, 6}, {4, 3}},
       {},
       [=](Context& c, const Activations& a, const P&) {
         return ops::scatter_add(c, a[0], 1, ids(c, {5, 0, 5}, {3}), a[1]);
       }},
      {"transpose",
       {{4, 6}},
       {},
       [=](Context& c, const Activations& a, const P&) { return ops::transpose(c, x(a), 0, 1); }},
      {"concat",
       {{4, 6}, {4, 2}},
       {},
       [=](Context& c, const Activations& a, const P&) { return ops::concat(c, a, 1); }},
      {"slice", {{4, 6}}, {}, [=](Context& c, const Activations& a, const P&) { return ops::slice(c, x(a), 1, 2, 3); }},
      {"patchify",
       {{1, 4, 4, 3}},
       {},
       [=](Context& c, const Activations& a, const P&) { return ops::patchify(c, x(a), 2); }},
      {"leading", {{4, 6}}, {}, [=](Context& c, const Activations& a, const P&) { return ops::leading(c, x(a), 3); }},
  };
}

TEST(NarrowOps, AreTheTwinsOfRoundingByHand) {
  for (const DType format : {DType::f16, DType::bf16})
    for (const auto& cases : {product_cases(), row_cases(), element_cases()})
      for (const Case& test_case : cases) expect_twin(test_case, format);
}

TEST(NarrowOps, LossesStayWide) {
  Context context(options());
  const auto values = [&](std::uint64_t seed) {
    return Variable(context.upload_as(DType::bf16, random_numbers(12, seed), {3, 4}));
  };
  const Parameter scale = random_parameter(context, "scale", {1}, 3);
  const Variable loss = ops::contrastive_loss(context, values(1), values(2), scale);
  EXPECT_EQ(loss.value().dtype(), DType::f32);
  backward(context, loss);
  EXPECT_EQ(scale->gradient.dtype(), DType::f32);
}

TEST(NarrowOps, SumGradientsInTheirOwnFormat) {
  Context context(options());
  const auto numbers = rounded(DType::bf16, random_numbers(6, 1));
  const Parameter weight = make_parameter("w", context.upload(numbers, {2, 3}));
  const Variable narrow = ops::cast(context, weight, DType::bf16);
  const Variable y = ops::add(context, ops::scale(context, narrow, 0.5f), ops::scale(context, narrow, 2.0f));
  backward(context, y, context.upload_as(DType::bf16, std::vector<float>(6, 1.0f), {2, 3}));
  EXPECT_EQ(weight->gradient.dtype(), DType::f32);
  EXPECT_EQ(context.download(weight->gradient), std::vector<float>(6, 2.5f));
}

TEST(NarrowOps, CastRoundsAndItsGradientReturns) {
  Context context(options());
  const Parameter x = random_parameter(context, "x", {5, 3}, 5);
  for (const DType format : {DType::f16, DType::bf16, DType::f8_e4m3, DType::f8_e5m2}) {
    x->gradient = {};
    const Variable y = ops::cast(context, x, format);
    EXPECT_EQ(context.download(y.value()), rounded(format, context.download(x->value)));
    const auto dy = rounded(format, random_numbers(15, 6));
    backward(context, y, context.upload_as(format, dy, {5, 3}));
    EXPECT_EQ(x->gradient.dtype(), DType::f32);
    EXPECT_EQ(context.download(x->gradient), dy);
  }
}

TEST(NarrowOps, RefuseMixedFormats) {
  Context context(options());
  const Tensor wide = context.zeros({2, 3}), narrow = context.full({2, 3}, 0.0f, MemoryTag::activations, DType::bf16);
  EXPECT_THAT(failure_text([&] { return ops::add(context, wide, narrow); }),
              AllOf(HasSubstr("run add"), HasSubstr("b is [2, 3] holds bf16, but f32 is needed, as a holds it")));
  EXPECT_THAT(failure_text([&] {
                return ops::matmul(context, narrow, context.zeros({3, 2}));
              }),
              AllOf(HasSubstr("run matmul"), HasSubstr("b is [3, 2] holds f32, but bf16 is needed, as a holds it")));
  EXPECT_THAT(failure_text([&] { return ops::linear(context, wide, narrow, {}); }),
              AllOf(HasSubstr("weight is [2, 3] holds bf16, but f32 is needed, as x holds it")));
  EXPECT_THAT(
      failure_text([&] { return ops::layer_norm(context, wide, context.cast(context.zeros({3}), DType::f16), {}); }),
      AllOf(HasSubstr("run layer_norm"), HasSubstr("gain is [3] holds f16, f32 is needed")));
  EXPECT_THAT(failure_text([&] { return ops::cast(context, wide, DType::i8); }), HasSubstr("cannot become i8"));
}

TEST(NarrowTensors, GoToTheHostAndBack) {
  Context context(options());
  const std::vector<float> values{1.0f, 1.001f, -3.0e-5f, 65504.0f};
  for (const DType format : {DType::f16, DType::bf16, DType::f8_e4m3, DType::f8_e5m2}) {
    const Tensor tensor = context.upload_as(format, values, {2, 2});
    EXPECT_EQ(tensor.dtype(), format);
    EXPECT_EQ(context.download(tensor), rounded(format, values));
    context.write(tensor, std::vector<float>(4, 0.3f));
    EXPECT_EQ(context.download(tensor), rounded(format, std::vector<float>(4, 0.3f)));
    EXPECT_EQ(context.download(context.full({3}, 0.7f, MemoryTag::activations, format)),
              rounded(format, std::vector<float>(3, 0.7f)));
  }
}

}  // namespace
}  // namespace athanor
