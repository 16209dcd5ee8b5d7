#include "tests/kernels/support/tolerance.h"

#include <algorithm>
#include <cmath>

namespace athanor::kernels::test {

bool Tolerance::accepts(double got, double want) const {
  if (std::isnan(want)) return std::isnan(got);
  if (std::isinf(want)) return got == want;
  return std::abs(got - want) <= atol + rtol * std::abs(want);
}

bool Tolerance::accepts(const std::vector<double>& got, const std::vector<double>& want) const {
  return std::equal(got.begin(), got.end(), want.begin(), want.end(),
                    [&](double a, double b) { return accepts(a, b); });
}

Tolerance bitwise() { return {0.0, 0.0}; }
Tolerance pointwise() { return {1.3e-6, 1e-5}; }

Tolerance sum_of(std::int64_t terms) {
  const double factor = std::max(1.0, std::sqrt(static_cast<double>(terms) / 1024.0));
  return {1.3e-6 * factor, 1e-5 * factor};
}

Tolerance gradient_of(std::int64_t terms) {
  const Tolerance sum = sum_of(terms);
  return {10.0 * sum.rtol, 10.0 * sum.atol};
}

Tolerance numeric_gradient() { return {2e-3, 5e-4}; }

bool rejects_zeros(const Tolerance& tolerance, const std::vector<double>& want) {
  if (std::all_of(want.begin(), want.end(), [](double v) { return v == 0.0; })) return true;
  return !tolerance.accepts(std::vector<double>(want.size(), 0.0), want);
}

bool rejects_shuffled(const Tolerance& tolerance, const std::vector<double>& want) {
  if (std::all_of(want.begin(), want.end(), [&](double v) { return v == want.front(); })) return true;
  std::vector<double> shuffled = want;
  std::rotate(shuffled.begin(), shuffled.begin() + 1, shuffled.end());
  return !tolerance.accepts(shuffled, want);
}

}  // namespace athanor::kernels::test
