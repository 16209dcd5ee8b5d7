#include "tests/kernels/support/tolerance.h"

#include <gtest/gtest.h>

#include <cmath>

namespace athanor::kernels::test {
namespace {

const std::vector<double> kAnswer = {0.5, -0.25, 1.0, 0.125};

TEST(Tolerance, RefusesZerosAndAnotherOrder) {
  for (const Tolerance& tolerance : {bitwise(), pointwise(), sum_of(8192), gradient_of(8192), numeric_gradient()}) {
    EXPECT_TRUE(tolerance.accepts(kAnswer, kAnswer));
    EXPECT_TRUE(rejects_zeros(tolerance, kAnswer));
    EXPECT_TRUE(rejects_shuffled(tolerance, kAnswer));
  }
}

TEST(Tolerance, ATooWideOneIsFoundOut) {
  const Tolerance wide{0.0, 2.0};
  EXPECT_FALSE(rejects_zeros(wide, kAnswer));
  EXPECT_FALSE(rejects_shuffled(wide, kAnswer));
}

TEST(Tolerance, NanMatchesOnlyNan) {
  const double nan = std::nan("");
  EXPECT_TRUE(pointwise().accepts(nan, nan));
  EXPECT_FALSE(pointwise().accepts(nan, 1.0));
  EXPECT_FALSE(pointwise().accepts(1.0, nan));
}

}  // namespace
}  // namespace athanor::kernels::test
