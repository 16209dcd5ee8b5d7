#include "core/optim/square_sums.h"

#include "core/optim/adamw.h"
#include "tests/core/engine/support.h"

#include <bit>
#include <limits>

namespace athanor::optim {
namespace {

using test::random_numbers;
using test::random_parameter;
using ::testing::HasSubstr;

// A model with parameters below, at and beyond the ends of pieces.
class SquareSumsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (test::on_cuda()) GTEST_SKIP() << "the order is that of the CPU's kernel";
    std::uint64_t seed = 1;
    for (const std::int64_t numel : {5, 16384, 16385, 40000, 1, 32768, 70001}) {
      parameters_.push_back(random_parameter(context_, std::string("p").append(std::to_string(numel)), {numel}, seed));
      parameters_.back()->gradient = context_.upload(random_numbers(numel, 100 + seed++), {numel});
    }
  }
  [[nodiscard]] double sum_of_all() {
    std::vector<Tensor> gradients;
    for (const Parameter& parameter : parameters_)
      if (parameter->gradient.present()) gradients.push_back(parameter->gradient);
    return ops::sum_squares(context_, gradients).read_squares(context_);
  }
  // From the highest rank down to rank 0.
  void add(SquareSums& to, SquareSums& from) {
    for (std::size_t i = 0; i < to.numbers().size(); ++i) to.numbers()[i] += from.numbers()[i];
  }

  Context context_{test::options()};
  std::vector<Parameter> parameters_;
};

TEST_F(SquareSumsTest, HaveTheBitsOfOneSumWhoeverHasWhichParameters) {
  const auto model = sizes_of(parameters_);
  for (std::size_t ranks : {1, 2, 3, 7}) {
    std::vector<SquareSums> sums(ranks, SquareSums(model));
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      sums[i % ranks].measure(context_, parameters_[i]->path, 0, parameters_[i]->gradient);
    for (std::size_t rank = ranks; rank-- > 1;) add(sums.front(), sums[rank]);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(sums.front().squares()), std::bit_cast<std::uint64_t>(sum_of_all()))
        << ranks;
    EXPECT_EQ(sums.front().nonfinite(), 0);
  }
}

TEST_F(SquareSumsTest, HaveTheBitsOfOneSumWhereParametersAreCutBetweenPieces) {
  std::vector<SquareSums> sums(3, SquareSums(sizes_of(parameters_)));
  for (const Parameter& parameter : parameters_) {
    const Tensor& gradient = parameter->gradient;
    for (std::int64_t at = 0, rank = 0; at < gradient.numel(); at += SquareSums::kPiece, ++rank)
      sums[static_cast<std::size_t>(rank % 3)].measure(
          context_, parameter->path, at, gradient.narrow(0, at, std::min(SquareSums::kPiece, gradient.numel() - at)));
  }
  add(sums[1], sums[2]);
  add(sums[0], sums[1]);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(sums[0].squares()), std::bit_cast<std::uint64_t>(sum_of_all()));
}

TEST_F(SquareSumsTest, CountWhatIsNotFiniteAndNothingForAnAbsentGradient) {
  parameters_[3]->gradient.host<float>()[20000] = std::numeric_limits<float>::quiet_NaN();
  parameters_[4]->gradient = {};
  SquareSums sums(sizes_of(parameters_));
  for (const Parameter& parameter : parameters_) sums.measure(context_, parameter->path, 0, parameter->gradient);
  EXPECT_EQ(sums.squares(), sum_of_all());
  EXPECT_EQ(sums.nonfinite(), 1);
  sums.clear();
  EXPECT_EQ(sums.squares(), 0);
  EXPECT_EQ(sums.nonfinite(), 0);
}

TEST_F(SquareSumsTest, RefuseNumbersThatTheModelDoesNotHave) {
  SquareSums sums(sizes_of(parameters_));
  const Tensor& gradient = parameters_[2]->gradient;
  EXPECT_THAT(test::failure_text([&] { sums.measure(context_, "nothing", 0, gradient); }), HasSubstr("nothing"));
  EXPECT_THAT(test::failure_text([&] { sums.measure(context_, "p40000", 100, gradient); }), HasSubstr("p40000"));
  EXPECT_THAT(test::failure_text([&] { sums.measure(context_, "p16385", SquareSums::kPiece, gradient); }),
              HasSubstr("no such numbers"));
}

TEST_F(SquareSumsTest, LetAnOptimizerOfAPartClipAndRefuseByTheWhole) {
  const auto train = [&](const std::vector<Parameter>& some, double squares, std::int64_t nonfinite) {
    Context context(test::options());
    std::vector<Parameter> copies;
    for (const Parameter& parameter : some) {
      copies.push_back(make_parameter(parameter->path, context.clone(parameter->value)));
      copies.back()->gradient = parameter->gradient;
    }
    AdamW optimizer(context, copies, {});
    if (squares >= 0)
      optimizer.set_sum_squares([=](Context& c) {
        return ops::SquareSum{c.upload(std::vector<double>{squares}, {1}), c.upload(std::vector{nonfinite}, {1})};
      });
    const StepReport report = optimizer.step(context, {.learning_rate = 0.1f, .max_norm = 1.0f});
    EXPECT_EQ(report.applied(), nonfinite == 0);
    EXPECT_EQ(optimizer.step_count(), nonfinite == 0 ? 1 : 0);
    return context.download(copies.back()->value);
  };
  const std::vector<Parameter> last{parameters_.back()};
  const auto whole = train(parameters_, -1, 0);
  EXPECT_EQ(train(last, sum_of_all(), 0), whole);
  EXPECT_NE(train(last, -1, 0), whole);
  EXPECT_EQ(train(last, sum_of_all(), 2), context_.download(parameters_.back()->value));
}

}  // namespace
}  // namespace athanor::optim
