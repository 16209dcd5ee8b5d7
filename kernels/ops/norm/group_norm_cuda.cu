#include "kernels/cuda/column_reduce.cuh"
#include "kernels/cuda/device/activation.cuh"
#include "kernels/cuda/device/moments.cuh"
#include "kernels/cuda/device/reduce.cuh"
#include "kernels/ops/norm/group_norm.h"

namespace athanor::kernels {

namespace {

using cuda::load;
using cuda::store;

// One block per (sample, group). Its values are `width` neighbours at each of `positions` places, `channels` apart.
struct Extent {
  std::int64_t samples, positions, channels;
  int groups, width;
};

// Walks one group's values: thread by thread, the whole block in step.
struct GroupWalk {
  std::int64_t base;
  std::int64_t values;
  int first_channel;
  int width;
  std::int64_t channels;

  __device__ explicit GroupWalk(const Extent& e) : values(e.positions * e.width), width(e.width), channels(e.channels) {
    const std::int64_t sample = blockIdx.x / static_cast<unsigned>(e.groups);
    first_channel = static_cast<int>(blockIdx.x % static_cast<unsigned>(e.groups)) * e.width;
    base = sample * e.positions * e.channels + first_channel;
  }

  // visit(offset into x, channel)
  template <class Visit>
  __device__ void each(Visit&& visit) const {
    for (std::int64_t i = threadIdx.x; i < values; i += blockDim.x) {
      const std::int64_t position = i / width;
      const int within = static_cast<int>(i - position * width);
      visit(base + position * channels + within, first_channel + within);
    }
  }
};

struct Affine {
  const float *gain, *bias;
  __device__ float gain_of(std::int64_t channel) const { return gain ? gain[channel] : 1.0f; }
  __device__ float bias_of(std::int64_t channel) const { return bias ? bias[channel] : 0.0f; }
};

template <class T>
struct Forward {
  Extent extent;
  const T* x;
  Affine affine;
  float eps;
  T* y;
  float *mean, *rstd;
};

template <class Act, class T>
__global__ void group_norm_kernel(Forward<T> f) {
  const GroupWalk walk(f.extent);
  const auto count = static_cast<float>(walk.values);
  float sum = 0.0f;
  walk.each([&](std::int64_t at, int) { sum += load(f.x, at); });
  const float rounded_mean = cuda::block_sum(sum) / count;
  float differences = 0.0f, squares = 0.0f;
  walk.each([&](std::int64_t at, int) {
    const float difference = load(f.x, at) - rounded_mean;
    differences += difference;
    squares += difference * difference;
  });
  const auto moments = cuda::moments_of(rounded_mean, cuda::block_sum(differences), cuda::block_sum(squares), count);
  const float rstd = 1.0f / sqrtf(moments.variance + f.eps);
  walk.each([&](std::int64_t at, int channel) {
    const float normal = moments.centred(load(f.x, at)) * rstd;
    store(f.y, at, Act::value(normal * f.affine.gain_of(channel) + f.affine.bias_of(channel)));
  });
  if (threadIdx.x != 0) return;
  if (f.mean) f.mean[blockIdx.x] = moments.mean();
  if (f.rstd) f.rstd[blockIdx.x] = rstd;
}

template <class T>
struct Backward {
  Extent extent;
  const T *x, *dy;
  Affine affine;
  const float *mean, *rstd;
  T* dx;
};

template <class Act, class T>
__global__ void group_norm_input_grad_kernel(Backward<T> b) {
  const GroupWalk walk(b.extent);
  const float mean = b.mean[blockIdx.x], rstd = b.rstd[blockIdx.x];
  const auto slope_times_gain = [&](float normal, int channel) {
    const float gain = b.affine.gain_of(channel);
    return Act::slope(normal * gain + b.affine.bias_of(channel)) * gain;
  };
  float sum_h = 0.0f, sum_h_normal = 0.0f;
  walk.each([&](std::int64_t at, int channel) {
    const float normal = (load(b.x, at) - mean) * rstd;
    const float h = load(b.dy, at) * slope_times_gain(normal, channel);
    sum_h += h;
    sum_h_normal += h * normal;
  });
  const auto count = static_cast<float>(walk.values);
  const float mean_h = cuda::block_sum(sum_h) / count;
  const float mean_h_normal = cuda::block_sum(sum_h_normal) / count;
  walk.each([&](std::int64_t at, int channel) {
    const float normal = (load(b.x, at) - mean) * rstd;
    const float h = load(b.dy, at) * slope_times_gain(normal, channel);
    store(b.dx, at, rstd * (h - mean_h - normal * mean_h_normal));
  });
}

// Rows are all positions of all samples, sample by sample.
template <class Act, class T>
struct ParameterTerms {
  Backward<T> b;
  __device__ cuda::Terms<2> operator()(std::int64_t row, std::int64_t channel) const {
    const std::int64_t group = row / b.extent.positions * b.extent.groups + channel / b.extent.width;
    const std::int64_t at = row * b.extent.channels + channel;
    const float normal = (load(b.x, at) - b.mean[group]) * b.rstd[group];
    const float e = load(b.dy, at) * Act::slope(normal * b.affine.gain_of(channel) + b.affine.bias_of(channel));
    return {{e * normal, e}};
  }
};

Extent extent_of(const View& x, int groups) {
  const std::int64_t samples = x.dim(0), channels = x.dim(-1);
  const std::int64_t per_sample = samples == 0 ? 0 : x.numel() / samples;
  return {.samples = samples,
          .positions = channels == 0 ? 0 : per_sample / channels,
          .channels = channels,
          .groups = groups,
          .width = static_cast<int>(channels / groups)};
}

cuda::LaunchConfig config_of(const Extent& extent) {
  const std::int64_t values = extent.positions * extent.width;
  return cuda::block_per_row(values == 0 ? 0 : extent.samples * extent.groups, values);
}

}  // namespace

void group_norm_cuda(const Exec& exec, const GroupNormArgs& args) {
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    const Forward<T> f{.extent = extent_of(args.x, args.groups),
                       .x = args.x.as<T>(),
                       .affine = {args.gain.as<float>(), args.bias.as<float>()},
                       .eps = args.eps,
                       .y = args.y.as<T>(),
                       .mean = args.mean.as<float>(),
                       .rstd = args.rstd.as<float>()};
    cuda::with_activation(args.activation, [&](auto act) {
      cuda::launch_kernel(exec, "group_norm", config_of(f.extent), group_norm_kernel<decltype(act), T>, f);
    });
  });
}

void group_norm_grad_cuda(const Exec& exec, const GroupNormGradArgs& args) {
  constexpr const char* kOp = "group_norm_grad";
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    const Backward<T> b{.extent = extent_of(args.x, args.groups),
                        .x = args.x.as<T>(),
                        .dy = args.dy.as<T>(),
                        .affine = {args.gain.as<float>(), args.bias.as<float>()},
                        .mean = args.mean.as<float>(),
                        .rstd = args.rstd.as<float>(),
                        .dx = args.dx.as<T>()};
    cuda::with_activation(args.activation, [&](auto act) {
      using Act = decltype(act);
      // The parameters first: dx may lie in dy.
      if (args.dgain.present() || args.dbias.present())
        cuda::column_reduce<2>(exec, kOp, b.extent.samples * b.extent.positions, b.extent.channels,
                               ParameterTerms<Act, T>{b}, args.accumulate_parameters,
                               {{args.dgain.as<float>(), args.dbias.as<float>()}}, exec.workspace);
      if (b.dx) cuda::launch_kernel(exec, kOp, config_of(b.extent), group_norm_input_grad_kernel<Act, T>, b);
    });
  });
}

std::size_t group_norm_grad_cuda_workspace_bytes(const GroupNormGradArgs& args) {
  const Extent extent = extent_of(args.x, args.groups);
  return cuda::column_reduce_workspace_bytes(extent.samples * extent.positions, extent.channels, 2);
}

}  // namespace athanor::kernels
