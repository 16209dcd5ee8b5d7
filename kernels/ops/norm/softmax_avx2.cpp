#include "kernels/ops/norm/softmax_avx2.h"

#include "kernels/cpu/vec_math.h"

#include <cmath>
#include <limits>

namespace athanor::kernels {

namespace {

using cpu::for_each_vec;
using cpu::Vec;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::int64_t kRun = 1024;  // columns whose terms are added before they join the total

// e^x for x <= 0, and 0 where cpu::exponential would stop at its smallest argument. NaN stays NaN.
Vec decay(Vec x) { return select(less(x, Vec::all(-87.0f)), Vec::zero(), cpu::exponential(x)); }

// The largest number; NaN where there is one, in any column.
float largest(std::int64_t cols, const float* x) {
  Vec best = Vec::all(-kInfinity), unordered = Vec::zero();
  for_each_vec(
      cols,
      [&](std::int64_t i) {
        const Vec value = Vec::load(x + i);
        best = maximum(value, best);
        unordered = {_mm256_or_ps(unordered.v, _mm256_cmp_ps(value.v, value.v, _CMP_UNORD_Q))};
      },
      [&](std::int64_t i, std::int64_t n) {
        const Vec value = Vec::load_first(x + i, n).keep_first(n, -kInfinity);
        best = maximum(value, best);
        unordered = {_mm256_or_ps(unordered.v, _mm256_cmp_ps(value.v, value.v, _CMP_UNORD_Q))};
      });
  return _mm256_movemask_ps(unordered.v) != 0 ? std::numeric_limits<float>::quiet_NaN() : best.maximum();
}

void fill(std::int64_t begin, std::int64_t end, float value, float* y) {
  for (std::int64_t i = begin; i < end; ++i) y[i] = value;
}

// Calls term(i) and term(i, n) for the parts of a row and adds what they return, in runs.
template <class Whole, class Part>
float sum_of_terms(std::int64_t cols, Whole&& whole, Part&& part) {
  Vec total = Vec::zero();
  for (std::int64_t begin = 0; begin < cols; begin += kRun) {
    Vec run = Vec::zero();
    for_each_vec(
        begin + kRun < cols ? kRun : cols - begin, [&](std::int64_t i) { run = run + whole(begin + i); },
        [&](std::int64_t i, std::int64_t n) { run = run + part(begin + i, n).keep_first(n, 0.0f); });
    total = total + run;
  }
  return total.sum();
}

void normalise(std::int64_t cols, float most, const float* x, float* y) {
  const Vec m = Vec::all(most);
  const float sum = sum_of_terms(
      cols,
      [&](std::int64_t i) {
        const Vec e = decay(Vec::load(x + i) - m);
        e.store(y + i);
        return e;
      },
      [&](std::int64_t i, std::int64_t n) {
        const Vec e = decay(Vec::load_first(x + i, n) - m);
        e.store_first(y + i, n);
        return e;
      });
  const Vec factor = Vec::all(1.0f / sum);
  for_each_vec(
      cols, [&](std::int64_t i) { (Vec::load(y + i) * factor).store(y + i); },
      [&](std::int64_t i, std::int64_t n) { (Vec::load_first(y + i, n) * factor).store_first(y + i, n); });
}

void normalise_log(std::int64_t cols, float most, const float* x, float* y) {
  const Vec m = Vec::all(most);
  const float sum = sum_of_terms(
      cols, [&](std::int64_t i) { return decay(Vec::load(x + i) - m); },
      [&](std::int64_t i, std::int64_t n) { return decay(Vec::load_first(x + i, n) - m); });
  // First m, then the logarithm: their sum would lose the digits of a small logarithm beside a large m.
  const Vec log_sum = Vec::all(std::log(sum));
  for_each_vec(
      cols, [&](std::int64_t i) { (Vec::load(x + i) - m - log_sum).store(y + i); },
      [&](std::int64_t i, std::int64_t n) { (Vec::load_first(x + i, n) - m - log_sum).store_first(y + i, n); });
}

// value where y is not -infinity, NaN included.
Vec allowed_only(Vec y, Vec value) {
  return {_mm256_and_ps(value.v, _mm256_cmp_ps(y.v, Vec::all(-kInfinity).v, _CMP_NEQ_UQ))};
}

void grad(std::int64_t cols, const float* y, const float* dy, float* dx) {
  const Vec inner = Vec::all(sum_of_terms(
      cols, [&](std::int64_t i) { return Vec::load(y + i) * Vec::load(dy + i); },
      [&](std::int64_t i, std::int64_t n) { return Vec::load_first(y + i, n) * Vec::load_first(dy + i, n); }));
  for_each_vec(
      cols, [&](std::int64_t i) { (Vec::load(y + i) * (Vec::load(dy + i) - inner)).store(dx + i); },
      [&](std::int64_t i, std::int64_t n) {
        (Vec::load_first(y + i, n) * (Vec::load_first(dy + i, n) - inner)).store_first(dx + i, n);
      });
}

void grad_log(std::int64_t cols, const float* y, const float* dy, float* dx) {
  const Vec sum = Vec::all(sum_of_terms(
      cols, [&](std::int64_t i) { return allowed_only(Vec::load(y + i), Vec::load(dy + i)); },
      [&](std::int64_t i, std::int64_t n) {
        return allowed_only(Vec::load_first(y + i, n), Vec::load_first(dy + i, n));
      }));
  const auto gradient = [&](Vec value, Vec dvalue) {
    return allowed_only(value, negative_multiply_add(decay(value), sum, dvalue));
  };
  for_each_vec(
      cols, [&](std::int64_t i) { gradient(Vec::load(y + i), Vec::load(dy + i)).store(dx + i); },
      [&](std::int64_t i, std::int64_t n) {
        gradient(Vec::load_first(y + i, n), Vec::load_first(dy + i, n)).store_first(dx + i, n);
      });
}

}  // namespace

void softmax_row_avx2(std::int64_t cols, std::int64_t allowed, bool log, const float* x, float* y) {
  const float masked = log ? -kInfinity : 0.0f;
  const float most = largest(allowed, x);
  if (most == -kInfinity) return fill(0, cols, masked, y);
  if (!std::isfinite(most))
    fill(0, allowed, std::numeric_limits<float>::quiet_NaN(), y);
  else if (log)
    normalise_log(allowed, most, x, y);
  else
    normalise(allowed, most, x, y);
  fill(allowed, cols, masked, y);
}

void softmax_grad_row_avx2(std::int64_t cols, bool log, const float* y, const float* dy, float* dx) {
  log ? grad_log(cols, y, dy, dx) : grad(cols, y, dy, dx);
}

}  // namespace athanor::kernels
