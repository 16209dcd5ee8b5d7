// Activations as element-wise maps.
#pragma once

#include "kernels/cuda/device/activation.cuh"
#include "kernels/cuda/map.cuh"

namespace athanor::kernels::cuda {

template <class Act>
struct ActivationValue {
  __device__ float operator()(std::int64_t, float x) const { return Act::value(x); }
};

template <class Act>
struct ActivationPlus {
  __device__ float operator()(std::int64_t, float x, float residual) const { return Act::value(x) + residual; }
};

template <class Act>
struct ActivationSlope {
  __device__ float operator()(std::int64_t, float x, float dy) const { return dy * Act::slope(x); }
};

// y = act(x)
template <class X, class Y>
void map_activation(const Exec& exec, const char* op, Activation activation, std::int64_t elements, const X* x, Y* y) {
  with_activation(activation, [&](auto act) { map(exec, op, elements, ActivationValue<decltype(act)>{}, y, x); });
}

// y = act(x) + residual
template <class X, class R, class Y>
void map_activation_plus(const Exec& exec, const char* op, Activation activation, std::int64_t elements, const X* x,
                         const R* residual, Y* y) {
  with_activation(activation,
                  [&](auto act) { map(exec, op, elements, ActivationPlus<decltype(act)>{}, y, x, residual); });
}

// dx = dy * act'(x)
template <class X, class Y>
void map_activation_slope(const Exec& exec, const char* op, Activation activation, std::int64_t elements, const X* x,
                          const Y* dy, Y* dx) {
  with_activation(activation, [&](auto act) { map(exec, op, elements, ActivationSlope<decltype(act)>{}, dx, x, dy); });
}

}  // namespace athanor::kernels::cuda
