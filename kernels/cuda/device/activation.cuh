// The activations of kernels/base/activation.h and their derivatives, as types for template arguments.
#pragma once

#include "kernels/base/activation.h"

namespace athanor::kernels::cuda {

struct NoActivation {
  __device__ static float value(float x) { return x; }
  __device__ static float slope(float) { return 1.0f; }
};

struct Relu {
  __device__ static float value(float x) { return x < 0.0f ? 0.0f : x; }
  __device__ static float slope(float x) { return x > 0.0f ? 1.0f : 0.0f; }
};

// erfc keeps the left tail accurate, where 1 + erf would cancel.
struct GeluErf {
  static constexpr float kSqrtHalf = 0.70710678118654752f;
  static constexpr float kInverseSqrtTwoPi = 0.39894228040143268f;
  __device__ static float value(float x) { return 0.5f * x * erfcf(-x * kSqrtHalf); }
  __device__ static float slope(float x) {
    return 0.5f * erfcf(-x * kSqrtHalf) + x * kInverseSqrtTwoPi * expf(-0.5f * x * x);
  }
};

struct GeluTanh {
  static constexpr float kScale = 1.5957691216057308f;  // 2 sqrt(2 / pi)
  static constexpr float kCubic = 0.044715f;
  static constexpr float kSaturated = 12.0f;  // beyond, the sigmoid is 0 or 1 in f32 and x^2 may overflow
  __device__ static float sigmoid(float x) { return 1.0f / (1.0f + expf(-kScale * (x + kCubic * x * x * x))); }
  __device__ static float value(float x) {
    if (fabsf(x) > kSaturated) return x > 0.0f ? x : -0.0f;
    return x * sigmoid(x);
  }
  __device__ static float slope(float x) {
    if (fabsf(x) > kSaturated) return x > 0.0f ? 1.0f : 0.0f;
    const float s = sigmoid(x);
    return s + x * s * (1.0f - s) * kScale * (1.0f + 3.0f * kCubic * x * x);
  }
};

struct Silu {
  __device__ static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }
  __device__ static float value(float x) { return x * sigmoid(x); }
  __device__ static float slope(float x) {
    const float s = sigmoid(x);
    return s + x * s * (1.0f - s);
  }
};

// Calls body(NoActivation{}), body(Relu{}) … for the activation named at run time.
template <class Body>
void with_activation(Activation activation, Body&& body) {
  switch (activation) {
    case Activation::none: return body(NoActivation{});
    case Activation::relu: return body(Relu{});
    case Activation::gelu_erf: return body(GeluErf{});
    case Activation::gelu_tanh: return body(GeluTanh{});
    case Activation::silu: return body(Silu{});
  }
}

}  // namespace athanor::kernels::cuda
