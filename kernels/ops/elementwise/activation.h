// activation: y = act(x), element by element; the functions are defined in kernels/base/activation.h.
//
// Shapes      x, y of equal shape. f32, contiguous.
// Outputs     y: overwritten. y may alias x.
// Precision   gelu and silu within 1e-6 absolute of the exact value; large |x| saturates to x or -0 without overflow.
//
// activation_grad: dx = dy * act'(x), from the input of the forward call.
// Outputs     dx: overwritten. dx may alias dy.
#pragma once

#include "kernels/base/activation.h"
#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct ActivationArgs {
  View x{};
  Activation activation = Activation::gelu_erf;
  View y{};

  static constexpr auto arrays() {
    return std::array{reads("x", &ActivationArgs::x).narrow(), writes("y", &ActivationArgs::y).narrow()};
  }
};

struct ActivationGradArgs {
  View x{}, dy{};
  Activation activation = Activation::gelu_erf;
  View dx{};

  static constexpr auto arrays() {
    return std::array{reads("x", &ActivationGradArgs::x).narrow(), reads("dy", &ActivationGradArgs::dy).narrow(),
                      writes("dx", &ActivationGradArgs::dx).narrow()};
  }
};

void activation(const Exec& exec, const ActivationArgs& args);
void activation_grad(const Exec& exec, const ActivationGradArgs& args);

// Backends.
[[nodiscard]] Candidates<ActivationArgs> activation_candidates();
[[nodiscard]] Candidates<ActivationGradArgs> activation_grad_candidates();
void activation_cuda(const Exec& exec, const ActivationArgs& args);
void activation_grad_cuda(const Exec& exec, const ActivationGradArgs& args);

}  // namespace athanor::kernels
