// The one table of tolerances for kernels. A result passes where |got - want| <= atol + rtol * |want|, or both are NaN.
//
//   f32            point-wise 1.3e-6 / 1e-5 · sums of K terms: rtol and atol x max(1, sqrt(K / 1024)) · gradients 10 x
//   copies, masks, integers: bitwise
//   numeric gradients (differences of f32 results, see numeric_gradient.h): 2e-3 / 5e-4
#pragma once

#include <cstdint>
#include <vector>

namespace athanor::kernels::test {

struct Tolerance {
  double rtol = 0.0, atol = 0.0;

  [[nodiscard]] bool accepts(double got, double want) const;
  [[nodiscard]] bool accepts(const std::vector<double>& got, const std::vector<double>& want) const;
};

[[nodiscard]] Tolerance bitwise();
[[nodiscard]] Tolerance pointwise();
[[nodiscard]] Tolerance sum_of(std::int64_t terms);
[[nodiscard]] Tolerance gradient_of(std::int64_t terms = 1);
[[nodiscard]] Tolerance numeric_gradient();

// What every comparison also checks of itself: that it would have refused zeros, and the wanted values in another
// order. Wanted values that are all zero (or all equal) cannot tell, and pass.
[[nodiscard]] bool rejects_zeros(const Tolerance& tolerance, const std::vector<double>& want);
[[nodiscard]] bool rejects_shuffled(const Tolerance& tolerance, const std::vector<double>& want);

}  // namespace athanor::kernels::test
