// kernels/cuda/product.h without cuBLASLt: three loops, double sums.
#include "kernels/cuda/product.h"

#include <stdexcept>

namespace athanor::kernels::cuda {

Product dense_product(std::int64_t m, std::int64_t n, std::int64_t k) noexcept {
  return {.m = m, .n = n, .k = k, .a_stride = k, .b_stride = n, .c_stride = n, .d_stride = n};
}

// What cuBLASLt refuses, refused here too.
static void check(const Product& p) {
  const bool strides = p.a_stride >= (p.transpose_a ? p.m : p.k) && p.b_stride >= (p.transpose_b ? p.k : p.n) &&
                       p.d_stride >= p.n && (p.beta == 0.0f || p.c_stride >= p.n);
  if (!strides) throw std::logic_error("a row stride shorter than the row");
  if (p.k <= 0 || !p.a || !p.b || !p.d || (p.beta != 0.0f && !p.c)) throw std::logic_error("a product lacks something");
}

void product(const Exec&, const char*, const Product& p) {
  if (p.m == 0 || p.n == 0) return;
  check(p);
  for (std::int64_t row = 0; row < p.m; ++row)
    for (std::int64_t col = 0; col < p.n; ++col) {
      double sum = 0.0;
      for (std::int64_t k = 0; k < p.k; ++k) {
        const float a = p.a[p.transpose_a ? k * p.a_stride + row : row * p.a_stride + k];
        const float b = p.b[p.transpose_b ? col * p.b_stride + k : k * p.b_stride + col];
        sum += static_cast<double>(a) * static_cast<double>(b);
      }
      double value = static_cast<double>(p.alpha) * sum;
      if (p.beta != 0.0f) value += static_cast<double>(p.beta) * static_cast<double>(p.c[row * p.c_stride + col]);
      if (p.bias) value += static_cast<double>(p.bias[col]);
      p.d[row * p.d_stride + col] = static_cast<float>(value);
    }
}

}  // namespace athanor::kernels::cuda
