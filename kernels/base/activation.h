// The point-wise non-linearities that kernels can apply alone or fused to another operation.
//   relu      max(x, 0); the derivative at 0 is 0
//   gelu_erf  x * Phi(x), Phi the standard normal distribution function (Hendrycks and Gimpel 2016, arXiv:1606.08415)
//   gelu_tanh x * sigmoid(2 * sqrt(2/pi) * (x + 0.044715 x^3)), the approximation of the same paper
//   silu      x * sigmoid(x), of the same paper, too
#pragma once

#include <cstdint>

namespace athanor {

enum class Activation : std::uint8_t { none, relu, gelu_erf, gelu_tanh, silu };

[[nodiscard]] constexpr const char* to_string(Activation activation) noexcept {
  switch (activation) {
    case Activation::none: return "none";
    case Activation::relu: return "relu";
    case Activation::gelu_erf: return "gelu_erf";
    case Activation::gelu_tanh: return "gelu_tanh";
    case Activation::silu: return "silu";
  }
  return "?";
}

}  // namespace athanor
