#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/segments.cuh"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/reduce/gradient_stats.h"

namespace athanor::kernels {

namespace {

using Table = cuda::SegmentTable<GradientSegment>;

struct Partials {
  double* sum_squares = nullptr;
  std::int64_t* nonfinite = nullptr;
};

__global__ void gradient_stats_kernel(const Table table, Partials partials) {
  const auto chunk = cuda::chunk_of_block<kSquarePiece>(table);
  const float* data = table.segment[chunk.segment].data;
  double sum = 0.0;
  std::int64_t nonfinite = 0;
  for (std::int64_t i = chunk.begin + threadIdx.x; i < chunk.end; i += blockDim.x) {
    const float value = data[i];
    if (isfinite(value))
      sum += static_cast<double>(value) * static_cast<double>(value);
    else
      ++nonfinite;
  }
  sum = cuda::block_sum(sum);
  nonfinite = cuda::block_sum(nonfinite);
  if (threadIdx.x != 0) return;
  partials.sum_squares[blockIdx.x] = sum;
  partials.nonfinite[blockIdx.x] = nonfinite;
}

// One thread adds what all have fetched: the order is that of the pieces.
__global__ void gradient_stats_finish_kernel(std::int64_t blocks, Partials partials, double* sum_squares,
                                             std::int64_t* nonfinite) {
  __shared__ double fetched[cuda::kBlockThreads];
  double sum = 0.0;
  std::int64_t count = 0;
  for (std::int64_t begin = 0; begin < blocks; begin += cuda::kBlockThreads) {
    const std::int64_t block = begin + threadIdx.x;
    fetched[threadIdx.x] = block < blocks ? partials.sum_squares[block] : 0.0;
    count += block < blocks ? partials.nonfinite[block] : 0;
    __syncthreads();
    if (threadIdx.x == 0)
      for (int i = 0; i < cuda::kBlockThreads; ++i) sum += fetched[i];
    __syncthreads();
  }
  count = cuda::block_sum(count);
  if (threadIdx.x != 0) return;
  *sum_squares = sum;
  *nonfinite = count;
}

std::int64_t total_blocks(const GradientStatsArgs& args) {
  std::int64_t blocks = 0;
  for (const auto& segment : args.segments) blocks += cuda::segment_blocks(segment.numel, kSquarePiece);
  return blocks;
}

Partials lay_out(cuda::WorkspaceCutter& cutter, std::int64_t blocks) {
  Partials partials;
  partials.sum_squares = cutter.take<double>(blocks);
  partials.nonfinite = cutter.take<std::int64_t>(blocks);
  return partials;
}

}  // namespace

void gradient_stats_cuda(const Exec& exec, const GradientStatsArgs& args) {
  constexpr const char* kOp = "gradient_stats";
  const std::int64_t blocks = total_blocks(args);
  cuda::WorkspaceCutter cutter(exec);
  const Partials partials = lay_out(cutter, blocks);
  Partials at = partials;
  cuda::for_each_table<kSquarePiece>(args.segments, [&](const Table& table, std::int64_t table_blocks) {
    cuda::launch_kernel(exec, kOp, {.blocks_x = table_blocks, .threads_x = cuda::kBlockThreads}, gradient_stats_kernel,
                        table, at);
    at.sum_squares += table_blocks;
    at.nonfinite += table_blocks;
  });
  cuda::launch_kernel(exec, kOp, {.blocks_x = 1, .threads_x = cuda::kBlockThreads}, gradient_stats_finish_kernel,
                      blocks, partials, args.sum_squares.as<double>(), args.nonfinite.as<std::int64_t>());
}

std::size_t gradient_stats_cuda_workspace_bytes(const GradientStatsArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, total_blocks(args)));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
