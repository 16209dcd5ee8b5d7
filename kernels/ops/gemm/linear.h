// linear: y[M,N] = act(x[M,K] w[N,K]^T + bias[N]) + residual[M,N]
//
// Shapes      x [..., K], y, residual and preactivation [..., N] (leading dims flattened to M), w [N,K], bias [N]. f32,
//             contiguous. bias and residual may be absent; residual may alias y.
// Outputs     y and preactivation (x w^T + bias; wanted only for the gradient of an activation): overwritten.
// Accumulates f32, in an order fixed by the shapes (reference: f64). On CUDA f16 and bf16 are multiplied as
//             they are; the bias, what an activation sees and dy act' are then rounded to that format, too.
// Edge cases  M = 0 does nothing. preactivation is ignored when activation is none.
//
// linear_grad, with g = dy * act'(preactivation):
//   dx = g w      dw = g^T x      dbias[n] = sum_m g[m,n]
// Outputs     dx: overwritten. dw and dbias: overwritten, or added to when accumulate_parameters. Each may be absent,
//             and none changes a bit of another. The gradient of residual is dy itself.
// Inputs      x is read only for dw, w only for dx; elsewhere a shape without numbers will do.
// Workspace   linear_workspace_bytes, linear_grad_workspace_bytes; depends on shapes, activation and device only.
// Edge cases  M = 0 writes zeros to dw and dbias (or leaves them when accumulating).
#pragma once

#include "kernels/base/activation.h"
#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct LinearArgs {
  View x{}, w{}, bias{}, residual{};
  Activation activation = Activation::none;
  View y{}, preactivation{};

  static constexpr auto arrays() {
    return std::array{
        reads("x", &LinearArgs::x).narrow(),  reads("w", &LinearArgs::w).narrow(),
        reads("bias", &LinearArgs::bias),     reads("residual", &LinearArgs::residual).narrow(),
        writes("y", &LinearArgs::y).narrow(), writes("preactivation", &LinearArgs::preactivation).narrow()};
  }
};

struct LinearGradArgs {
  View x{}, w{}, dy{};
  Activation activation = Activation::none;
  View preactivation{};  // needed when activation is not none
  bool accumulate_parameters = false;
  View dx{}, dw{}, dbias{};

  static constexpr auto arrays() {
    return std::array{
        reads("x", &LinearGradArgs::x).narrow(),    reads("w", &LinearGradArgs::w).narrow(),
        reads("dy", &LinearGradArgs::dy).narrow(),  reads("preactivation", &LinearGradArgs::preactivation).narrow(),
        writes("dx", &LinearGradArgs::dx).narrow(), updates("dw", &LinearGradArgs::dw),
        updates("dbias", &LinearGradArgs::dbias)};
  }
};

void linear(const Exec& exec, const LinearArgs& args);
void linear_grad(const Exec& exec, const LinearGradArgs& args);
[[nodiscard]] std::size_t linear_workspace_bytes(const Exec& exec, const LinearArgs& args);
[[nodiscard]] std::size_t linear_grad_workspace_bytes(const Exec& exec, const LinearGradArgs& args);

// Backends.
[[nodiscard]] Candidates<LinearArgs> linear_candidates();
[[nodiscard]] Candidates<LinearGradArgs> linear_grad_candidates();
void linear_cuda(const Exec& exec, const LinearArgs& args);
void linear_grad_cuda(const Exec& exec, const LinearGradArgs& args);
[[nodiscard]] std::size_t linear_cuda_workspace_bytes(const LinearArgs& args);
[[nodiscard]] std::size_t linear_grad_cuda_workspace_bytes(const LinearGradArgs& args);

}  // namespace athanor::kernels
