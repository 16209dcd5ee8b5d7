#include "kernels/ops/elementwise/activation_avx2.h"

#include "kernels/cpu/vec_math.h"

namespace athanor::kernels {

namespace {

using cpu::Vec;

template <Activation kind>
void forward(std::int64_t numel, const float* x, float* y) {
  cpu::for_each_vec(
      numel, [&](std::int64_t i) { cpu::activate<kind>(Vec::load(x + i)).store(y + i); },
      [&](std::int64_t i, std::int64_t n) { cpu::activate<kind>(Vec::load_first(x + i, n)).store_first(y + i, n); });
}

template <Activation kind>
void backward(std::int64_t numel, const float* x, const float* dy, float* dx) {
  cpu::for_each_vec(
      numel, [&](std::int64_t i) { (Vec::load(dy + i) * cpu::activation_slope<kind>(Vec::load(x + i))).store(dx + i); },
      [&](std::int64_t i, std::int64_t n) {
        (Vec::load_first(dy + i, n) * cpu::activation_slope<kind>(Vec::load_first(x + i, n))).store_first(dx + i, n);
      });
}

}  // namespace

void activation_avx2(Activation activation, std::int64_t numel, const float* x, float* y) {
  switch (activation) {
    case Activation::none: return forward<Activation::none>(numel, x, y);
    case Activation::relu: return forward<Activation::relu>(numel, x, y);
    case Activation::gelu_erf: return forward<Activation::gelu_erf>(numel, x, y);
    case Activation::gelu_tanh: return forward<Activation::gelu_tanh>(numel, x, y);
    case Activation::silu: return forward<Activation::silu>(numel, x, y);
  }
}

void activation_grad_avx2(Activation activation, std::int64_t numel, const float* x, const float* dy, float* dx) {
  switch (activation) {
    case Activation::none: return backward<Activation::none>(numel, x, dy, dx);
    case Activation::relu: return backward<Activation::relu>(numel, x, dy, dx);
    case Activation::gelu_erf: return backward<Activation::gelu_erf>(numel, x, dy, dx);
    case Activation::gelu_tanh: return backward<Activation::gelu_tanh>(numel, x, dy, dx);
    case Activation::silu: return backward<Activation::silu>(numel, x, dy, dx);
  }
}

}  // namespace athanor::kernels
