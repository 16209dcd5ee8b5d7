// Products over codes: exact where every number is a code, near where it is not, and the choice of passes.
#include "core/ops/quantized.h"

#include "core/autograd/backward.h"
#include "core/ops/elementwise.h"
#include "core/ops/gemm.h"
#include "kernels/ops/quant/quantize.h"
#include "tests/core/engine/support.h"

#include <cmath>

namespace athanor {
namespace {

using kernels::Grouping;
using ops::CodeFormat;
using ops::ScaledLinearOptions;
using ops::TensorClass;
using test::failure_text;
using test::options;
using test::random_numbers;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Small whole numbers: codes of every format, and their products add exactly in f32.
std::vector<float> whole_numbers(std::int64_t count, std::uint64_t seed) {
  std::vector<float> numbers = random_numbers(count, seed, 4.0f);
  for (float& number : numbers) number = std::round(number);
  return numbers;
}

Tensor new_stats(Context& context) { return context.empty({kernels::QuantizeStats::kCount}, DType::f64); }

struct Result {
  std::vector<float> y, dx, dw, dbias;
};

using Product = std::function<Variable(Context&, const Variable&, const Variable&, const Variable&)>;

Result run(const Product& product, bool whole, DType format = DType::f32) {
  constexpr std::int64_t kM = 37, kK = 33, kN = 18;
  Context context(options());
  const auto numbers = [&](std::int64_t count, std::uint64_t seed) {
    return whole ? whole_numbers(count, seed) : random_numbers(count, seed);
  };
  const Parameter x = make_parameter("x", context.upload(numbers(kM * kK, 1), {kM, kK}));
  const Parameter weight = make_parameter("w", context.upload(numbers(kN * kK, 2), {kN, kK}));
  const Parameter bias = make_parameter("b", context.upload(numbers(kN, 3), {kN}));
  const Variable y = product(context, ops::cast(context, x, format), weight, bias);
  EXPECT_EQ(y.value().dtype(), format);
  backward(context, y, context.upload_as(format, numbers(kM * kN, 4), {kM, kN}));
  EXPECT_EQ(weight->gradient.dtype(), DType::f32);
  return {context.download(y.value()), context.download(x->gradient), context.download(weight->gradient),
          context.download(bias->gradient)};
}

Result plain(bool whole) {
  return run(
      [](Context& c, const Variable& x, const Variable& w, const Variable& b) { return ops::linear(c, x, w, b); },
      whole);
}
Result scaled(const ScaledLinearOptions& how, bool whole, DType format = DType::f32) {
  return run([&](Context& c, const Variable& x, const Variable& w,
                 const Variable& b) { return ops::scaled_linear(c, x, w, b, how); },
             whole, format);
}

ScaledLinearOptions all(const CodeFormat& format) {
  ScaledLinearOptions how;
  how.forward.activation = how.forward.weight = format;
  how.backward.activation = how.backward.weight = how.backward.gradient = format;
  return how;
}

double relative_error(const std::vector<float>& got, const std::vector<float>& want) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    error += std::pow(static_cast<double>(got[i]) - want[i], 2);
    size += std::pow(static_cast<double>(want[i]), 2);
  }
  return std::sqrt(error / size);
}

TEST(ScaledLinear, IsExactOnNumbersThatAreCodes) {
  const Result want = plain(true);
  for (const DType format : {DType::f8_e4m3, DType::f8_e5m2})
    for (const Grouping grouping : {Grouping::tensor, Grouping::stretch, Grouping::square}) {
      SCOPED_TRACE(std::string(to_string(format)) + " by " + to_string(grouping));
      const Result got = scaled(all({.format = format, .grouping = grouping, .block = 16}), true);
      EXPECT_EQ(got.y, want.y);
      EXPECT_EQ(got.dx, want.dx);
      EXPECT_EQ(got.dw, want.dw);
      EXPECT_EQ(got.dbias, want.dbias);
    }
}

TEST(ScaledLinear, IsAsFarFromTheExactProductAsItsFormat) {
  const Result want = plain(false);
  const auto errors = [&](const CodeFormat& format) {
    const Result got = scaled(all(format), false);
    return std::max({relative_error(got.y, want.y), relative_error(got.dx, want.dx), relative_error(got.dw, want.dw)});
  };
  // Half a unit of the last place, uniformly spread: 2^-4 / sqrt(3) for three bits of mantissa, for each of two sides.
  const double e4 = errors({.format = DType::f8_e4m3}), e5 = errors({.format = DType::f8_e5m2});
  EXPECT_GT(e4, 0.01);
  EXPECT_LT(e4, 0.06);
  EXPECT_GT(e5, 1.5 * e4) << "one bit less of mantissa";
  EXPECT_LT(errors({.format = DType::i8, .grouping = Grouping::row, .power_of_two = false}), 0.02);
}

TEST(ScaledLinear, EachPassCanStayInNumbers) {
  const Result codes = scaled(all({}), false), numbers = plain(false);
  ScaledLinearOptions forward_only = all({}), backward_only = all({});
  forward_only.backward.codes = false;
  backward_only.forward.codes = false;
  const Result first = scaled(forward_only, false), second = scaled(backward_only, false);
  EXPECT_EQ(first.y, codes.y);
  EXPECT_EQ(first.dx, numbers.dx);
  EXPECT_EQ(first.dw, numbers.dw);
  EXPECT_EQ(second.y, numbers.y);
  EXPECT_EQ(second.dx, codes.dx);
  EXPECT_EQ(second.dw, codes.dw);
}

TEST(ScaledLinear, KeepsTheFormatOfNarrowActivations) {
  const Result narrow = scaled(all({}), true, DType::bf16), want = plain(true);
  EXPECT_LT(relative_error(narrow.y, want.y), 0.004);
  EXPECT_EQ(narrow.dw, want.dw);
}

TEST(ScaledLinear, PassesCanTakeCodesOfDifferentKinds) {
  const CodeFormat by_tensor{}, by_block{.grouping = Grouping::stretch, .block = 16};
  ScaledLinearOptions mixed = all(by_tensor);
  mixed.backward.activation = mixed.backward.weight = mixed.backward.gradient = by_block;
  const Result got = scaled(mixed, false);
  EXPECT_EQ(got.y, scaled(all(by_tensor), false).y);
  EXPECT_EQ(got.dx, scaled(all(by_block), false).dx);
  EXPECT_EQ(got.dw, scaled(all(by_block), false).dw);
}

TEST(ScaledLinear, CanMultiplyForwardInAnotherFormat) {
  ScaledLinearOptions how;
  how.forward.codes = how.backward.codes = false;
  how.forward.numbers = DType::f16;
  const Result got = scaled(how, false), want = plain(false);
  EXPECT_NE(got.y, want.y);
  EXPECT_LT(relative_error(got.y, want.y), 5e-4);
  EXPECT_EQ(got.dx, want.dx) << "gradients do not see the f16 copies";
  EXPECT_EQ(got.dw, want.dw);
}

TEST(ScaledLinear, WritesWhatQuantizingFound) {
  using kernels::QuantizeStats;
  const Result found = run(
      [](Context& context, const Variable& x, const Variable& weight, const Variable& bias) {
        ScaledLinearOptions how = all({});
        for (Tensor& stats : how.stats) stats = new_stats(context);
        const Variable y = ops::scaled_linear(context, x, weight, bias, how);
        const auto amax = [&](TensorClass c) {
          return how.stats[static_cast<std::size_t>(c)].host<double>()[QuantizeStats::amax];
        };
        EXPECT_NEAR(amax(TensorClass::activation), 1.0, 0.1);
        EXPECT_NEAR(amax(TensorClass::weight), 1.0, 0.1);
        backward(context, y, context.full(y.shape(), 0.5f));
        EXPECT_EQ(amax(TensorClass::gradient), 0.5);
        return ops::scaled_linear(context, x, weight, bias, how);
      },
      false);
  EXPECT_FALSE(found.y.empty());
}

TEST(ScaledLinear, UsesAGivenScale) {
  Context context(options());
  const Tensor x = context.upload(std::vector<float>{100.0f, 1.0f}, {1, 2});
  const Tensor stats = new_stats(context);
  CodeFormat format{.scale = context.full({1}, 0.125f)};
  (void)ops::quantize(context, x, format, {.stats = stats});
  EXPECT_EQ(stats.host<double>()[kernels::QuantizeStats::saturated], 1) << "100 / 0.125 is beyond 448";
  EXPECT_THAT(failure_text([&] {
                format.grouping = Grouping::row;
                return ops::quantize(context, x, format, {}).scales;
              }),
              HasSubstr("only a whole tensor can have a given scale"));
  EXPECT_THAT(failure_text([&] {
                return ops::scaled_linear(context, x, context.zeros({3, 4}), {}, {});
              }),
              HasSubstr("weight is [3, 4], but [N, 2] is needed"));
}

}  // namespace
}  // namespace athanor
