#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

namespace athanor::kernels::test {

namespace {

double weighted_sum(const View& output, const View& weight) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < output.numel(); ++i)
    sum += static_cast<double>(output.as<float>()[i]) * static_cast<double>(weight.as<float>()[i]);
  return sum;
}

double central_difference(float& element, const std::function<void()>& forward, const View& output, const View& weight,
                          double step) {
  const float before = element;
  const float above = static_cast<float>(static_cast<double>(before) + step);
  const float below = static_cast<float>(static_cast<double>(before) - step);
  element = above;
  forward();
  const double upper = weighted_sum(output, weight);
  element = below;
  forward();
  const double lower = weighted_sum(output, weight);
  element = before;
  return (upper - lower) / (static_cast<double>(above) - static_cast<double>(below));
}

}  // namespace

std::vector<double> numeric_gradient_of(const View& input, const std::function<void()>& forward, const View& output,
                                        const View& weight, double step) {
  std::vector<double> gradient;
  for (std::int64_t i = 0; i < input.numel(); ++i) {
    float& element = input.as<float>()[i];
    const double wide = central_difference(element, forward, output, weight, step);
    const double narrow = central_difference(element, forward, output, weight, step / 2.0);
    gradient.push_back((4.0 * narrow - wide) / 3.0);
  }
  forward();
  return gradient;
}

void expect_gradient(const std::string& name, const View& analytic, const std::vector<double>& numeric) {
  const Tolerance tolerance = numeric_gradient();
  std::vector<double> got;
  for (std::int64_t i = 0; i < analytic.numel(); ++i) got.push_back(static_cast<double>(analytic.as<float>()[i]));
  ASSERT_EQ(got.size(), numeric.size()) << name;
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_TRUE(tolerance.accepts(got[i], numeric[i]))
        << name << "[" << i << "] is " << got[i] << ", differences say " << numeric[i];
  EXPECT_TRUE(rejects_zeros(tolerance, numeric)) << name << ": zeros would have passed";
  EXPECT_TRUE(rejects_shuffled(tolerance, numeric)) << name << ": a shuffled gradient would have passed";
}

}  // namespace athanor::kernels::test
