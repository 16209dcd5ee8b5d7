#include "kernels/ops/conv/pool2d_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels {

namespace {

using cpu::Vec;

Vec either_nan(Vec a, Vec b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_UNORD_Q)}; }

// Where b is to be preferred to a, which comes before it: larger, or the first NaN.
Vec later_wins(Vec a, Vec b) {
  const __m256 a_is_nan = _mm256_cmp_ps(a.v, a.v, _CMP_UNORD_Q), b_is_nan = _mm256_cmp_ps(b.v, b.v, _CMP_UNORD_Q);
  return {_mm256_or_ps(_mm256_cmp_ps(b.v, a.v, _CMP_GT_OQ), _mm256_andnot_ps(a_is_nan, b_is_nan))};
}

Vec larger(Vec a, Vec b) { return select(either_nan(a, b), a + b, maximum(a, b)); }

Vec both(Vec a, Vec b) { return {_mm256_and_ps(a.v, b.v)}; }
Vec not_and(Vec a, Vec b) { return {_mm256_andnot_ps(a.v, b.v)}; }

// Runs body(load, store, offset of the left column, offset of the right column, offset of the output) for whole vectors
// and the tail of every window.
template <class Body>
void for_each_window(std::int64_t windows, std::int64_t channels, Body&& body) {
  for (std::int64_t window = 0; window < windows; ++window) {
    const std::int64_t left = 2 * window * channels, out = window * channels;
    cpu::for_each_vec(
        channels,
        [&](std::int64_t c) {
          body([](const float* p) { return Vec::load(p); }, [](float* p, Vec v) { v.store(p); }, left + c,
               left + channels + c, out + c);
        },
        [&](std::int64_t c, std::int64_t n) {
          body([n](const float* p) { return Vec::load_first(p, n); }, [n](float* p, Vec v) { v.store_first(p, n); },
               left + c, left + channels + c, out + c);
        });
  }
}

}  // namespace

void max_pool_row_avx2(std::int64_t windows, std::int64_t channels, const float* x0, const float* x1, float* y) {
  for_each_window(windows, channels, [&](auto load, auto store, auto left, auto right, auto out) {
    store(y + out, larger(larger(load(x0 + left), load(x0 + right)), larger(load(x1 + left), load(x1 + right))));
  });
}

void max_pool_grad_row_avx2(std::int64_t windows, std::int64_t channels, const float* x0, const float* x1,
                            const float* dy, float* dx0, float* dx1) {
  for_each_window(windows, channels, [&](auto load, auto store, auto left, auto right, auto out) {
    const Vec a = load(x0 + left), b = load(x0 + right), c = load(x1 + left), d = load(x1 + right), g = load(dy + out);
    const Vec second = later_wins(a, b), upper = select(second, b, a);
    const Vec third = later_wins(upper, c), upto_third = select(third, c, upper);
    const Vec fourth = later_wins(upto_third, d);
    const Vec top = not_and(fourth, not_and(third, g));
    store(dx0 + left, not_and(second, top));
    store(dx0 + right, both(second, top));
    store(dx1 + left, not_and(fourth, both(third, g)));
    store(dx1 + right, both(fourth, g));
  });
}

void avg_pool_row_avx2(std::int64_t windows, std::int64_t channels, const float* x0, const float* x1, float* y) {
  for_each_window(windows, channels, [&](auto load, auto store, auto left, auto right, auto out) {
    const Vec sum = (load(x0 + left) + load(x0 + right)) + (load(x1 + left) + load(x1 + right));
    store(y + out, sum * Vec::all(0.25f));
  });
}

void avg_pool_grad_row_avx2(std::int64_t windows, std::int64_t channels, const float* dy, float* dx0, float* dx1) {
  for_each_window(windows, channels, [&](auto load, auto store, auto left, auto right, auto out) {
    const Vec g = load(dy + out) * Vec::all(0.25f);
    store(dx0 + left, g);
    store(dx0 + right, g);
    store(dx1 + left, g);
    store(dx1 + right, g);
  });
}

}  // namespace athanor::kernels
