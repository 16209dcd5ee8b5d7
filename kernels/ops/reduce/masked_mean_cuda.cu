#include "kernels/cuda/device/storage.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/ops/reduce/masked_mean.h"

namespace athanor::kernels {

namespace {

struct Extent {
  std::int64_t batch, tokens, channels;
};

__device__ std::int64_t valid_tokens(const std::int32_t* lengths, std::int64_t sample, const Extent& extent) {
  return lengths ? std::int64_t{lengths[sample]} : extent.tokens;
}

template <class T>
__global__ void masked_mean_kernel(Extent extent, const T* x, const std::int32_t* lengths, T* y) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= extent.batch * extent.channels) return;
  const std::int64_t sample = i / extent.channels;
  const std::int64_t valid = valid_tokens(lengths, sample, extent);
  const T* at = x + sample * extent.tokens * extent.channels + i % extent.channels;
  float sum = 0.0f;
  for (std::int64_t token = 0; token < valid; ++token) sum += cuda::load(at, token * extent.channels);
  cuda::store(y, i, sum / static_cast<float>(valid));
}

template <class T>
__global__ void masked_mean_grad_kernel(Extent extent, const T* dy, const std::int32_t* lengths, T* dx) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= extent.batch * extent.tokens * extent.channels) return;
  const std::int64_t row = i / extent.channels;
  const std::int64_t sample = row / extent.tokens;
  const std::int64_t valid = valid_tokens(lengths, sample, extent);
  const float gradient = cuda::load(dy, sample * extent.channels + i % extent.channels);
  cuda::store(dx, i, row % extent.tokens < valid ? gradient / static_cast<float>(valid) : 0.0f);
}

Extent extent_of(const View& x) { return {x.dim(0), x.dim(1), x.dim(2)}; }

}  // namespace

void masked_mean_cuda(const Exec& exec, const MaskedMeanArgs& args) {
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    cuda::launch_kernel(exec, "masked_mean", cuda::per_element(args.y.numel()), masked_mean_kernel<T>,
                        extent_of(args.x), args.x.as<const T>(), args.lengths.as<const std::int32_t>(), args.y.as<T>());
  });
}

void masked_mean_grad_cuda(const Exec& exec, const MaskedMeanGradArgs& args) {
  cuda::with_storage(args.dx.dtype, [&]<class T>() {
    cuda::launch_kernel(exec, "masked_mean_grad", cuda::per_element(args.dx.numel()), masked_mean_grad_kernel<T>,
                        extent_of(args.dx), args.dy.as<const T>(), args.lengths.as<const std::int32_t>(),
                        args.dx.as<T>());
  });
}

}  // namespace athanor::kernels
