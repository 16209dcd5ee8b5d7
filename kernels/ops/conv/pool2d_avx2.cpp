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

// Runs body(lanes, offset of the left column, offset of the right column, offset of the output) for every window.
template <class Body>
void for_each_window(std::int64_t windows, std::int64_t channels, Body&& body) {
  for (std::int64_t window = 0; window < windows; ++window) {
    const std::int64_t left = 2 * window * channels, out = window * channels;
    cpu::for_each_lanes(channels,
                        [&](std::int64_t c, auto lanes) { body(lanes, left + c, left + channels + c, out + c); });
  }
}

}  // namespace

void max_pool_row_avx2(std::int64_t windows, std::int64_t channels, const float* x0, const float* x1, float* y) {
  for_each_window(windows, channels, [&](auto lanes, auto left, auto right, auto out) {
    lanes.store(larger(larger(lanes.load(x0 + left), lanes.load(x0 + right)),
                       larger(lanes.load(x1 + left), lanes.load(x1 + right))),
                y + out);
  });
}

void max_pool_grad_row_avx2(std::int64_t windows, std::int64_t channels, const float* x0, const float* x1,
                            const float* dy, float* dx0, float* dx1) {
  for_each_window(windows, channels, [&](auto lanes, auto left, auto right, auto out) {
    const Vec a = lanes.load(x0 + left), b = lanes.load(x0 + right), c = lanes.load(x1 + left),
              d = lanes.load(x1 + right), g = lanes.load(dy + out);
    const Vec second = later_wins(a, b), upper = select(second, b, a);
    const Vec third = later_wins(upper, c), upto_third = select(third, c, upper);
    const Vec fourth = later_wins(upto_third, d);
    const Vec top = not_and(fourth, not_and(third, g));
    lanes.store(not_and(second, top), dx0 + left);
    lanes.store(both(second, top), dx0 + right);
    lanes.store(not_and(fourth, both(third, g)), dx1 + left);
    lanes.store(both(fourth, g), dx1 + right);
  });
}

void avg_pool_row_avx2(std::int64_t windows, std::int64_t channels, const float* x0, const float* x1, float* y) {
  for_each_window(windows, channels, [&](auto lanes, auto left, auto right, auto out) {
    const Vec sum = (lanes.load(x0 + left) + lanes.load(x0 + right)) + (lanes.load(x1 + left) + lanes.load(x1 + right));
    lanes.store(sum * Vec::all(0.25f), y + out);
  });
}

void avg_pool_grad_row_avx2(std::int64_t windows, std::int64_t channels, const float* dy, float* dx0, float* dx1) {
  for_each_window(windows, channels, [&](auto lanes, auto left, auto right, auto out) {
    const Vec g = lanes.load(dy + out) * Vec::all(0.25f);
    lanes.store(g, dx0 + left);
    lanes.store(g, dx0 + right);
    lanes.store(g, dx1 + left);
    lanes.store(g, dx1 + right);
  });
}

}  // namespace athanor::kernels
