// Elementary functions of the references, in double.
#pragma once

#include "kernels/base/activation.h"

#include <cmath>

namespace athanor::kernels::cpu {

inline constexpr double kSqrtHalf = 0.70710678118654752440;
inline constexpr double kInverseSqrtTwoPi = 0.39894228040143267794;
inline constexpr double kGeluTanhScale = 1.5957691216057307;  // 2 sqrt(2 / pi)
inline constexpr double kGeluTanhCubic = 0.044715;

inline double sigmoid_exact(double x) { return 1.0 / (1.0 + std::exp(-x)); }

inline double activate_exact(Activation activation, double x) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::relu: return x < 0.0 ? 0.0 : x;
    case Activation::gelu_erf: return 0.5 * x * std::erfc(-x * kSqrtHalf);
    case Activation::gelu_tanh: return x * sigmoid_exact(kGeluTanhScale * (x + kGeluTanhCubic * x * x * x));
    case Activation::silu: return x * sigmoid_exact(x);
  }
  return x;
}

inline double activation_slope_exact(Activation activation, double x) {
  switch (activation) {
    case Activation::none: return 1.0;
    case Activation::relu: return x > 0.0 ? 1.0 : 0.0;
    case Activation::gelu_erf: return 0.5 * std::erfc(-x * kSqrtHalf) + x * kInverseSqrtTwoPi * std::exp(-0.5 * x * x);
    case Activation::gelu_tanh: {
      const double s = sigmoid_exact(kGeluTanhScale * (x + kGeluTanhCubic * x * x * x));
      return s + x * s * (1.0 - s) * kGeluTanhScale * (1.0 + 3.0 * kGeluTanhCubic * x * x);
    }
    case Activation::silu: {
      const double s = sigmoid_exact(x);
      return s + x * s * (1.0 - s);
    }
  }
  return 1.0;
}

}  // namespace athanor::kernels::cpu
