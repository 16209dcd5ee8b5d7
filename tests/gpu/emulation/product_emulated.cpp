// kernels/cuda/product.h without cuBLASLt: three loops, double sums, one rounding.
#include "kernels/base/element.h"
#include "kernels/base/number_format.h"
#include "kernels/cpu/scalar_math.h"
#include "kernels/cuda/product.h"
#include "tests/gpu/emulation/stream.h"

#include <bit>
#include <stdexcept>

namespace athanor::kernels::cuda {

namespace {

bool alike(DType format, DType other) { return format == other || (is_fp8(format) && is_fp8(other)); }

// What cuBLASLt refuses, refused here too.
void check(const Product& p) {
  const bool strides = p.a_stride >= (p.transpose_a ? p.m : p.k) && p.b_stride >= (p.transpose_b ? p.k : p.n) &&
                       p.d_stride >= p.n && (p.beta == 0.0f || p.c_stride >= p.n);
  if (!strides) throw std::logic_error("a row stride shorter than the row");
  if (p.k <= 0 || !p.a || !p.b || !p.d || (p.beta != 0.0f && !p.c)) throw std::logic_error("a product lacks something");
  if (!alike(p.a_format, p.b_format)) throw std::logic_error("two formats in one product");
  if (p.d_format != DType::f32 && p.d_format != p.a_format && !is_fp8(p.a_format))
    throw std::logic_error("an output in a format of its own");
  if (p.activation != Activation::none && p.beta != 0.0f) throw std::logic_error("an activation of a sum");
  if (p.activation != Activation::none && !fuses_activation(p.activation, p.n, p.preactivation != nullptr))
    throw std::logic_error("an activation that is no epilogue");
  if (p.batch > 1 && p.d_step < (p.m - 1) * p.d_stride + p.n) throw std::logic_error("outputs that overlap");
}

bool in_blocks(Scaling scaling) { return scaling == Scaling::stretch || scaling == Scaling::square; }

bool scalings_go_together(const Product& p) {
  if (!in_blocks(p.a_scaling)) return p.a_scaling == p.b_scaling;
  const bool both_square = p.a_scaling == Scaling::square && p.b_scaling == Scaling::square;
  return in_blocks(p.b_scaling) && !both_square && p.m % 4 == 0 && p.n % 4 == 0;
}

bool has_plan(const Product& p) {
  if (!is_fp8(p.a_format)) return true;
  const bool both_wide = p.a_format == DType::f8_e5m2 && p.b_format == DType::f8_e5m2;
  const auto aligned = [](const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0; };
  return !p.transpose_a && p.transpose_b && !both_wide && p.k % 16 == 0 && p.n % 16 == 0 && aligned(p.a) &&
         aligned(p.b) && aligned(p.d) && scalings_go_together(p);
}

double read(const void* data, DType format, std::int64_t i) {
  return element(View(const_cast<void*>(data), format, {}), i);
}

void write(void* data, DType format, std::int64_t i, double value) {
  const auto rounded = static_cast<float>(value);
  if (format == DType::f32) static_cast<float*>(data)[i] = rounded;
  with_narrow_format(format, [&]<class Format>() {
    if constexpr (Format::kBits == 16)
      static_cast<std::uint16_t*>(data)[i] = static_cast<std::uint16_t>(Format::encode(rounded));
  });
}

double scale_of(Scaling scaling, const float* scales, std::int64_t rows, std::int64_t k, std::int64_t row,
                std::int64_t i) {
  switch (scaling) {
    case Scaling::none: return 1.0;
    case Scaling::tensor: return static_cast<double>(scales[0]);
    case Scaling::row: return static_cast<double>(scales[row]);
    case Scaling::stretch: return static_cast<double>(scales[i / kScaleBlock * rows + row]);
    case Scaling::square: return static_cast<double>(scales[row / kScaleBlock * scale_row(k) + i / kScaleBlock]);
  }
  return 1.0;
}

// TF32 keeps the upper 19 bits of an f32.
double factor(const void* data, DType format, std::int64_t i, bool tf32) {
  if (!tf32 || format != DType::f32) return read(data, format, i);
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<const float*>(data)[i]);
  return static_cast<double>(std::bit_cast<float>((bits + 0x1000u) & ~0x1FFFu));
}

double sum_of(const Product& p, bool tf32, std::int64_t matrix, std::int64_t row, std::int64_t col) {
  double sum = 0.0;
  for (std::int64_t k = 0; k < p.k; ++k) {
    const std::int64_t a = matrix * p.a_step + (p.transpose_a ? k * p.a_stride + row : row * p.a_stride + k);
    const std::int64_t b = matrix * p.b_step + (p.transpose_b ? col * p.b_stride + k : k * p.b_stride + col);
    sum += factor(p.a, p.a_format, a, tf32) * factor(p.b, p.b_format, b, tf32) *
           scale_of(p.a_scaling, p.a_scales, p.m, p.k, row, k) * scale_of(p.b_scaling, p.b_scales, p.n, p.k, col, k);
  }
  return sum;
}

void compute(const Product& p, bool tf32) {
  for (std::int64_t matrix = 0; matrix < p.batch; ++matrix)
    for (std::int64_t row = 0; row < p.m; ++row)
      for (std::int64_t col = 0; col < p.n; ++col) {
        const std::int64_t at = matrix * p.d_step + row * p.d_stride + col;
        double value = static_cast<double>(p.alpha) * sum_of(p, tf32, matrix, row, col);
        if (p.beta != 0.0f)
          value += static_cast<double>(p.beta) * read(p.c, p.d_format, matrix * p.d_step + row * p.c_stride + col);
        if (p.bias) value += read(p.bias, bias_format(p), col);
        if (p.preactivation) write(p.preactivation, p.d_format, at, value);
        write(p.d, p.d_format, at, cpu::activate_exact(p.activation, value));
      }
}

}  // namespace

bool try_product(const Exec& exec, const char*, const Product& p) {
  if (p.m == 0 || p.n == 0 || p.batch == 0) return true;
  check(p);
  if (!has_plan(p)) return false;
  emulation::put(static_cast<CUstream_st*>(exec.stream), [p, tf32 = exec.tf32] { compute(p, tf32); });
  return true;
}

void product(const Exec& exec, const char* op, const Product& args) {
  if (!try_product(exec, op, args)) throw std::logic_error("no plan");
}

}  // namespace athanor::kernels::cuda
