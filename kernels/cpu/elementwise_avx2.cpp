#include "kernels/cpu/elementwise_avx2.h"

#include "kernels/cpu/vec.h"

namespace athanor::kernels::cpu {

void add_avx2(std::int64_t numel, const float* a, const float* b, float* y) {
  for_each_vec(
      numel, [&](std::int64_t i) { (Vec::load(a + i) + Vec::load(b + i)).store(y + i); },
      [&](std::int64_t i, std::int64_t n) {
        (Vec::load_first(a + i, n) + Vec::load_first(b + i, n)).store_first(y + i, n);
      });
}

void axpby_avx2(std::int64_t numel, float alpha, const float* x, float beta, float* y) {
  const Vec a = Vec::all(alpha), b = Vec::all(beta);
  if (beta == 0.0f) {
    for_each_vec(
        numel, [&](std::int64_t i) { (a * Vec::load(x + i)).store(y + i); },
        [&](std::int64_t i, std::int64_t n) { (a * Vec::load_first(x + i, n)).store_first(y + i, n); });
    return;
  }
  for_each_vec(
      numel, [&](std::int64_t i) { multiply_add(a, Vec::load(x + i), b * Vec::load(y + i)).store(y + i); },
      [&](std::int64_t i, std::int64_t n) {
        multiply_add(a, Vec::load_first(x + i, n), b * Vec::load_first(y + i, n)).store_first(y + i, n);
      });
}

}  // namespace athanor::kernels::cpu
