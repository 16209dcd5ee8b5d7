// Eight floats in one AVX2 register. Include only in sources compiled with -mavx2 -mfma (*_avx2.cpp); everything here
// has internal linkage, so that no AVX2 copy of a function can end up in code that runs on older processors.
#pragma once

#include <cstdint>
#include <immintrin.h>

namespace athanor::kernels::cpu {
namespace {

struct Vec {
  static constexpr std::int64_t kWidth = 8;
  __m256 v;

  static Vec zero() { return {_mm256_setzero_ps()}; }
  static Vec all(float value) { return {_mm256_set1_ps(value)}; }
  static Vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
  void store(float* p) const { _mm256_storeu_ps(p, v); }

  // The first n lanes, 0 < n < 8; the other lanes load as 0 and are not stored.
  static __m256i mask(std::int64_t n) {
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lanes);
  }
  static Vec load_first(const float* p, std::int64_t n) { return {_mm256_maskload_ps(p, mask(n))}; }
  void store_first(float* p, std::int64_t n) const { _mm256_maskstore_ps(p, mask(n), v); }
  // Lanes from n on become `value`.
  Vec keep_first(std::int64_t n, float value) const {
    return {_mm256_blendv_ps(_mm256_set1_ps(value), v, _mm256_castsi256_ps(mask(n)))};
  }

  float sum() const {
    const __m128 low = _mm256_castps256_ps128(v), high = _mm256_extractf128_ps(v, 1);
    __m128 s = _mm_add_ps(low, high);
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
  }
  float maximum() const {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
  }
};

inline Vec operator+(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) { return {_mm256_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) { return {_mm256_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) { return {_mm256_div_ps(a.v, b.v)}; }
inline Vec multiply_add(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }            // a * b + c
inline Vec negative_multiply_add(Vec a, Vec b, Vec c) { return {_mm256_fnmadd_ps(a.v, b.v, c.v)}; }  // c - a * b
inline Vec maximum(Vec a, Vec b) { return {_mm256_max_ps(a.v, b.v)}; }  // b where either is NaN
inline Vec minimum(Vec a, Vec b) { return {_mm256_min_ps(a.v, b.v)}; }
inline Vec square_root(Vec a) { return {_mm256_sqrt_ps(a.v)}; }
inline Vec absolute(Vec a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.v)}; }
inline Vec select(Vec mask, Vec yes, Vec no) { return {_mm256_blendv_ps(no.v, yes.v, mask.v)}; }
inline Vec less(Vec a, Vec b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)}; }

// Calls whole(i) for every full vector of [0, n) and tail(i, rest) for what is left.
template <class Whole, class Tail>
inline void for_each_vec(std::int64_t n, Whole&& whole, Tail&& tail) {
  std::int64_t i = 0;
  for (; i + Vec::kWidth <= n; i += Vec::kWidth) whole(i);
  if (i < n) tail(i, n - i);
}

// How a body that is the same for both reaches memory: whole vectors, or the first n lanes.
struct WholeLanes {
  static Vec load(const float* p) { return Vec::load(p); }
  static void store(Vec v, float* p) { v.store(p); }
  static Vec keep(Vec v, float) { return v; }
};
struct FirstLanes {
  std::int64_t n;
  Vec load(const float* p) const { return Vec::load_first(p, n); }
  void store(Vec v, float* p) const { v.store_first(p, n); }
  Vec keep(Vec v, float value) const { return v.keep_first(n, value); }
};

// Calls body(i, lanes) for every full vector of [0, n) and for what is left.
template <class Body>
inline void for_each_lanes(std::int64_t n, Body&& body) {
  for_each_vec(
      n, [&](std::int64_t i) { body(i, WholeLanes{}); },
      [&](std::int64_t i, std::int64_t rest) { body(i, FirstLanes{rest}); });
}

}  // namespace
}  // namespace athanor::kernels::cpu
