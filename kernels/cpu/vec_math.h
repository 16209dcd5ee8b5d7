// Elementary functions of a Vec. The coefficients are minimax fits of ours; the stated errors are of the fit, before
// rounding in f32 adds about 1e-7 relative. Include only in *_avx2.cpp.
#pragma once

#include "kernels/base/activation.h"
#include "kernels/cpu/vec.h"

namespace athanor::kernels::cpu {
namespace {

// e^x for |x| <= 87; beyond, the argument is clamped, so the result stays finite and positive. NaN stays NaN.
// x = n ln 2 + r with |r| <= ln 2 / 2, e^r = 1 + r + r^2 q(r), q of degree 4 (relative error 3e-9).
inline Vec exponential(Vec x) {
  const Vec clamped = minimum(Vec::all(87.0f), maximum(Vec::all(-87.0f), x));
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  const Vec shifted = multiply_add(clamped, Vec::all(1.44269504f), Vec::all(12582912.0f));
  const Vec n = shifted - Vec::all(12582912.0f);
  // ln 2 in two parts, the first exact in products with n.
  Vec r = negative_multiply_add(n, Vec::all(0.693359375f), clamped);
  r = negative_multiply_add(n, Vec::all(-2.12194440e-4f), r);
  Vec q = Vec::all(0.0013814601f);
  q = multiply_add(q, r, Vec::all(0.0083687154f));
  q = multiply_add(q, r, Vec::all(0.0416683879f));
  q = multiply_add(q, r, Vec::all(0.1666652064f));
  q = multiply_add(q, r, Vec::all(0.4999999345f));
  const Vec fraction = multiply_add(r * r, q, r) + Vec::all(1.0f);
  // Times 2^n, by adding n to the exponent.
  const __m256i power = _mm256_slli_epi32(_mm256_castps_si256(shifted.v), 23);
  return {_mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(fraction.v), power))};
}

// 1 / (1 + e^-x)
inline Vec sigmoid(Vec x) { return Vec::all(1.0f) / (Vec::all(1.0f) + exponential(Vec::zero() - x)); }

// The standard normal distribution: density(x) = e^(-x^2/2) / sqrt(2 pi), lower_tail(x) = its integral from -infinity.
// For t = |x|: lower_tail(-t) = e^(-t^2/2) m(t), and Mills' ratio m is fitted by a polynomial of degree 9 in
// u = 1 / (1 + 0.35 t) on [0, 14] (relative error 3.3e-8).
struct Normal {
  Vec lower_tail, density;
};

inline Normal normal(Vec x) {
  const Vec t = absolute(x);
  const Vec bell = exponential(Vec::all(-0.5f) * t * t);
  const Vec u = Vec::all(1.0f) / multiply_add(Vec::all(0.35f), t, Vec::all(1.0f));
  Vec m = Vec::all(-0.0291447562f);
  m = multiply_add(m, u, Vec::all(0.1439664482f));
  m = multiply_add(m, u, Vec::all(-0.2557042985f));
  m = multiply_add(m, u, Vec::all(0.1591637197f));
  m = multiply_add(m, u, Vec::all(-0.0231032251f));
  m = multiply_add(m, u, Vec::all(0.1055054218f));
  m = multiply_add(m, u, Vec::all(0.1198334742f));
  m = multiply_add(m, u, Vec::all(0.1398617916f));
  m = multiply_add(m, u, Vec::all(0.1396214085f));
  const Vec tail = bell * m * u;
  const Vec negative = less(x, Vec::zero());
  return {select(negative, tail, Vec::all(1.0f) - tail), bell * Vec::all(0.3989422804f)};
}

// gelu_tanh(x) = x * sigmoid(x * (a + b x^2))
inline constexpr float kGeluTanhA = 1.5957691216f;  // 2 sqrt(2 / pi)
inline constexpr float kGeluTanhB = 0.0713548163f;  // a * 0.044715

template <Activation kind>
inline Vec activate(Vec x) {
  if constexpr (kind == Activation::relu) return maximum(Vec::zero(), x);
  if constexpr (kind == Activation::gelu_erf) return x * normal(x).lower_tail;
  if constexpr (kind == Activation::gelu_tanh)
    return x * sigmoid(x * multiply_add(Vec::all(kGeluTanhB), x * x, Vec::all(kGeluTanhA)));
  if constexpr (kind == Activation::silu) return x * sigmoid(x);
  return x;
}

template <Activation kind>
inline Vec activation_slope(Vec x) {
  if constexpr (kind == Activation::relu) return select(less(Vec::zero(), x), Vec::all(1.0f), Vec::zero());
  if constexpr (kind == Activation::gelu_erf) {
    const Normal phi = normal(x);
    return multiply_add(x, phi.density, phi.lower_tail);
  }
  if constexpr (kind == Activation::gelu_tanh) {
    const Vec square = x * x;
    const Vec s = sigmoid(x * multiply_add(Vec::all(kGeluTanhB), square, Vec::all(kGeluTanhA)));
    const Vec inner = multiply_add(Vec::all(3.0f * kGeluTanhB), square, Vec::all(kGeluTanhA));
    return multiply_add(x * inner * s, Vec::all(1.0f) - s, s);
  }
  if constexpr (kind == Activation::silu) {
    const Vec s = sigmoid(x);
    return multiply_add(x * s, Vec::all(1.0f) - s, s);
  }
  return Vec::all(1.0f);
}

}  // namespace
}  // namespace athanor::kernels::cpu
