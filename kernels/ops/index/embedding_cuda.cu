#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/ops/index/embedding.h"

namespace athanor::kernels {

namespace {

__global__ void embedding_kernel(std::int64_t elements, std::int64_t vocabulary, std::int64_t channels,
                                 const float* table, const std::int32_t* ids, std::int32_t first_id, float* y) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  const std::int64_t id = std::int64_t{ids[i / channels]} - first_id;
  y[i] = id >= 0 && id < vocabulary ? table[id * channels + i % channels] : 0.0f;
}

// One warp owns kTile channels of one table row. It reads all ids, 32 at a time, and adds the rows of dy that name its
// own, in order of n: no sorting, no atomics.
constexpr int kPerLane = 8;
constexpr int kTile = kPerLane * 32;

__global__ void embedding_grad_kernel(std::int64_t rows, std::int64_t vocabulary, std::int64_t channels,
                                      const std::int32_t* ids, const float* dy, std::int32_t first_id, bool accumulate,
                                      float* dtable) {
  const std::int64_t row = std::int64_t{blockIdx.x} * blockDim.y + threadIdx.y;
  if (row >= vocabulary) return;
  const int lane = static_cast<int>(threadIdx.x);
  const std::int64_t first = std::int64_t{blockIdx.y} * kTile + lane;
  float sum[kPerLane] = {};
  for (std::int64_t base = 0; base < rows; base += 32) {
    const bool mine = base + lane < rows && std::int64_t{ids[base + lane]} - first_id == row;
    for (unsigned left = __ballot_sync(cuda::kAllLanes, mine); left != 0; left &= left - 1) {
      const float* from = dy + (base + __ffs(static_cast<int>(left)) - 1) * channels;
#pragma unroll
      for (int i = 0; i < kPerLane; ++i)
        if (first + i * 32 < channels) sum[i] += from[first + i * 32];
    }
  }
  float* to = dtable + row * channels;
#pragma unroll
  for (int i = 0; i < kPerLane; ++i) {
    const std::int64_t channel = first + i * 32;
    if (channel < channels) to[channel] = accumulate ? to[channel] + sum[i] : sum[i];
  }
}

}  // namespace

void embedding_cuda(const Exec& exec, const EmbeddingArgs& args) {
  cuda::launch_kernel(exec, "embedding", cuda::per_element(args.y.numel()), embedding_kernel, args.y.numel(),
                      args.table.dim(0), args.table.dim(1), args.table.as<float>(), args.ids.as<std::int32_t>(),
                      args.first, args.y.as<float>());
}

void embedding_grad_cuda(const Exec& exec, const EmbeddingGradArgs& args) {
  constexpr int kRowsPerBlock = 4;
  const std::int64_t vocabulary = args.dtable.dim(0), channels = args.dtable.dim(1);
  const cuda::LaunchConfig config{.blocks_x = cuda::ceil_div(vocabulary, kRowsPerBlock),
                                  .blocks_y = cuda::ceil_div(channels, kTile),
                                  .threads_x = cuda::kWarp,
                                  .threads_y = kRowsPerBlock};
  cuda::launch_kernel(exec, "embedding_grad", config, embedding_grad_kernel, args.ids.numel(), vocabulary, channels,
                      args.ids.as<std::int32_t>(), args.dy.as<float>(), args.first, args.accumulate_parameters,
                      args.dtable.as<float>());
}

std::size_t embedding_grad_cuda_workspace_bytes(const EmbeddingGradArgs&) { return 0; }

}  // namespace athanor::kernels
