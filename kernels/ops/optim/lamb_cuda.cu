#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/segments.cuh"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/optim/lamb.h"
#include "kernels/ops/optim/step_values.cuh"

namespace athanor::kernels {

namespace {

using Table = cuda::SegmentTable<LambSegment>;
static_assert(sizeof(Table) < 3900, "a kernel's arguments are limited to 4 KiB");

struct Settings {
  float beta1, beta2, eps;
  cuda::StepSource source;

  __device__ float update(float m, float v, float decay, float value) const {
    return (m / source.first_correction()) / (sqrtf(v / source.second_correction()) + eps) + decay * value;
  }
};

struct Norms {
  double param, update;  // sums of squares
};

__global__ void lamb_moments_kernel(const Table table, Settings settings, Norms* norms) {
  const auto chunk = cuda::chunk_of_block(table);
  const LambSegment segment = table.segment[chunk.segment];
  if (!settings.source.moves()) return;
  const float factor = settings.source.factor();
  double params = 0.0, updates = 0.0;
  for (std::int64_t i = chunk.begin + threadIdx.x; i < chunk.end; i += blockDim.x) {
    const float g = factor * segment.grad[i], value = segment.param[i];
    const float m = settings.beta1 * segment.m[i] + (1.0f - settings.beta1) * g;
    const float v = settings.beta2 * segment.v[i] + (1.0f - settings.beta2) * g * g;
    segment.m[i] = m;
    segment.v[i] = v;
    const auto u = static_cast<double>(settings.update(m, v, segment.weight_decay, value));
    params += static_cast<double>(value) * static_cast<double>(value);
    updates += u * u;
  }
  params = cuda::block_sum(params);
  updates = cuda::block_sum(updates);
  if (threadIdx.x == 0) norms[blockIdx.x] = {params, updates};
}

// One block per segment of the table.
__global__ void lamb_length_kernel(const Table table, cuda::StepSource source, const Norms* norms, float* lengths) {
  if (!source.moves()) return;
  const auto s = static_cast<int>(blockIdx.x);
  double params = 0.0, updates = 0.0;
  for (int block = table.first_block[s] + static_cast<int>(threadIdx.x); block < table.first_block[s + 1];
       block += static_cast<int>(blockDim.x)) {
    params += norms[block].param;
    updates += norms[block].update;
  }
  params = cuda::block_sum(params);
  updates = cuda::block_sum(updates);
  if (threadIdx.x != 0) return;
  const bool adapts = table.segment[s].weight_decay != 0.0f && params > 0.0 && updates > 0.0;
  lengths[s] = source.rate(table.segment[s].lr) * (adapts ? static_cast<float>(sqrt(params / updates)) : 1.0f);
}

__global__ void lamb_apply_kernel(const Table table, Settings settings, const float* lengths) {
  if (!settings.source.moves()) return;
  const auto chunk = cuda::chunk_of_block(table);
  const LambSegment segment = table.segment[chunk.segment];
  const float length = lengths[chunk.segment];
  for (std::int64_t i = chunk.begin + threadIdx.x; i < chunk.end; i += blockDim.x) {
    const float value = segment.param[i];
    segment.param[i] = value - length * settings.update(segment.m[i], segment.v[i], segment.weight_decay, value);
  }
}

struct Scratch {
  Norms* norms = nullptr;  // of the blocks of one table
  float* lengths = nullptr;
};

Scratch lay_out(cuda::WorkspaceCutter& cutter, const LambArgs& args) {
  std::int64_t blocks = 0;
  for (const auto& segment : args.segments) blocks += cuda::segment_blocks(segment.numel);
  Scratch scratch;
  scratch.norms = cutter.take<Norms>(blocks);
  scratch.lengths = cutter.take<float>(Table::kCapacity);
  return scratch;
}

}  // namespace

void lamb_cuda(const Exec& exec, const LambArgs& args) {
  cuda::WorkspaceCutter cutter(exec);
  const Scratch scratch = lay_out(cutter, args);
  const Settings settings{.beta1 = args.beta1, .beta2 = args.beta2, .eps = args.eps, .source = cuda::step_source(args)};
  cuda::for_each_table(args.segments, [&](const Table& table, std::int64_t blocks) {
    const cuda::LaunchConfig chunks{.blocks_x = blocks, .threads_x = cuda::kBlockThreads};
    cuda::launch_kernel(exec, "lamb", chunks, lamb_moments_kernel, table, settings, scratch.norms);
    cuda::launch_kernel(exec, "lamb", {.blocks_x = table.count, .threads_x = cuda::kBlockThreads}, lamb_length_kernel,
                        table, settings.source, scratch.norms, scratch.lengths);
    cuda::launch_kernel(exec, "lamb", chunks, lamb_apply_kernel, table, settings, scratch.lengths);
  });
}

std::size_t lamb_cuda_workspace_bytes(const LambArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, args));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
