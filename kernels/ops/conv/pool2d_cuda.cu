#include "kernels/cuda/device/storage.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/ops/conv/pool2d.h"

namespace athanor::kernels {

namespace {

struct Extent {
  std::int64_t batch, height, width, channels;  // of x

  [[nodiscard]] __host__ __device__ std::int64_t out_height() const { return height / 2; }
  [[nodiscard]] __host__ __device__ std::int64_t out_width() const { return width / 2; }
  [[nodiscard]] std::int64_t inputs() const { return batch * height * width * channels; }
  [[nodiscard]] std::int64_t outputs() const { return batch * out_height() * out_width() * channels; }
};

struct Place {
  std::int64_t sample, row, column, channel;
};

__device__ Place place_of(std::int64_t i, std::int64_t height, std::int64_t width, std::int64_t channels) {
  const std::int64_t pixel = i / channels;
  const std::int64_t line = pixel / width;
  return {line / height, line % height, pixel % width, i % channels};
}

// The four values of an output's window, row by row.
struct Window {
  float at[4];
};

template <class T>
__device__ Window window_of(const Extent& e, const T* x, const Place& out) {
  const T* first = x + (((out.sample * e.height + out.row * 2) * e.width) + out.column * 2) * e.channels + out.channel;
  const T* second = first + e.width * e.channels;
  return {{cuda::load(first, 0), cuda::load(first, e.channels), cuda::load(second, 0), cuda::load(second, e.channels)}};
}

// The first position of the maximum; NaN counts as larger than any number.
__device__ int first_maximum(const Window& window) {
  int best = 0;
#pragma unroll
  for (int i = 1; i < 4; ++i) {
    const float value = window.at[i], leader = window.at[best];
    if (!isnan(leader) && (value > leader || isnan(value))) best = i;
  }
  return best;
}

template <class T>
__global__ void max_pool2d_kernel(Extent e, std::int64_t outputs, const T* x, T* y) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= outputs) return;
  const Window window = window_of(e, x, place_of(i, e.out_height(), e.out_width(), e.channels));
  cuda::store(y, i, window.at[first_maximum(window)]);
}

template <class T>
__global__ void avg_pool2d_kernel(Extent e, std::int64_t outputs, const T* x, T* y) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= outputs) return;
  const Window window = window_of(e, x, place_of(i, e.out_height(), e.out_width(), e.channels));
  cuda::store(y, i, 0.25f * ((window.at[0] + window.at[1]) + (window.at[2] + window.at[3])));
}

// One thread per element of dx, so that each is written once. x null: the mean's gradient.
template <class T>
__global__ void pool2d_grad_kernel(Extent e, std::int64_t inputs, const T* x, const T* dy, T* dx) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= inputs) return;
  const Place in = place_of(i, e.height, e.width, e.channels);
  const Place out{in.sample, in.row / 2, in.column / 2, in.channel};
  if (out.row >= e.out_height() || out.column >= e.out_width()) {
    cuda::store(dx, i, 0.0f);
    return;
  }
  const float gradient =
      cuda::load(dy, ((out.sample * e.out_height() + out.row) * e.out_width() + out.column) * e.channels + out.channel);
  if (!x) {
    cuda::store(dx, i, 0.25f * gradient);
    return;
  }
  const int own = static_cast<int>(in.row % 2 * 2 + in.column % 2);
  cuda::store(dx, i, first_maximum(window_of(e, x, out)) == own ? gradient : 0.0f);
}

Extent extent_of(const View& x) { return {x.dim(0), x.dim(1), x.dim(2), x.dim(3)}; }

void launch_grad(const Exec& exec, const char* op, const View& x, const View& dy, const View& dx) {
  const Extent e = extent_of(dx);
  cuda::with_storage(dx.dtype, [&]<class T>() {
    cuda::launch_kernel(exec, op, cuda::per_element(e.inputs()), pool2d_grad_kernel<T>, e, e.inputs(), x.as<T>(),
                        dy.as<T>(), dx.as<T>());
  });
}

}  // namespace

void max_pool2d_cuda(const Exec& exec, const Pool2dArgs& args) {
  const Extent e = extent_of(args.x);
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    cuda::launch_kernel(exec, "max_pool2d", cuda::per_element(e.outputs()), max_pool2d_kernel<T>, e, e.outputs(),
                        args.x.as<T>(), args.y.as<T>());
  });
}

void avg_pool2d_cuda(const Exec& exec, const Pool2dArgs& args) {
  const Extent e = extent_of(args.x);
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    cuda::launch_kernel(exec, "avg_pool2d", cuda::per_element(e.outputs()), avg_pool2d_kernel<T>, e, e.outputs(),
                        args.x.as<T>(), args.y.as<T>());
  });
}

void max_pool2d_grad_cuda(const Exec& exec, const MaxPool2dGradArgs& args) {
  launch_grad(exec, "max_pool2d_grad", args.x, args.dy, args.dx);
}

void avg_pool2d_grad_cuda(const Exec& exec, const AvgPool2dGradArgs& args) {
  launch_grad(exec, "avg_pool2d_grad", View{}, args.dy, args.dx);
}

}  // namespace athanor::kernels
