#include "kernels/base/philox.h"
#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/segments.cuh"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/optim/adamw.h"
#include "kernels/ops/optim/step_values.cuh"

#include <bit>

namespace athanor::kernels {

namespace {

using Table = cuda::SegmentTable<AdamWSegment>;
static_assert(sizeof(Table) < 4000, "a kernel's arguments are limited to 4 KiB");

// Of the counts of a block: elements that did not change, and elements that should have.
struct Counts {
  std::int64_t lost, wanted;
};

struct Settings {
  float beta1, beta2, eps;
  cuda::StepSource source;
  std::uint64_t seed;
  Counts* counts;  // of this launch's first block; null: not wanted
};

__device__ float from_bf16(std::uint16_t code) { return std::bit_cast<float>(static_cast<std::uint32_t>(code) << 16); }
__device__ std::uint16_t nearest_bf16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

// The random numbers of a thread: of eight elements that lie eight apart.
__device__ std::uint32_t noise(const PhiloxBlock& block, int k) {
  return k % 2 ? block.word[k / 2] >> 16 : block.word[k / 2] & 0xFFFFu;
}

__device__ std::uint16_t stochastic_bf16(float value, std::uint32_t random) {
  return static_cast<std::uint16_t>((std::bit_cast<std::uint32_t>(value) + random) >> 16);
}

template <bool kNarrow>
struct MomentArray {
  void* data;
  PhiloxBlock random;

  __device__ float load(std::int64_t i) const {
    if constexpr (kNarrow)
      return from_bf16(static_cast<const std::uint16_t*>(data)[i]);
    else
      return static_cast<const float*>(data)[i];
  }
  __device__ void store(std::int64_t i, int k, float value) const {
    if constexpr (kNarrow)
      static_cast<std::uint16_t*>(data)[i] = stochastic_bf16(value, noise(random, k));
    else
      static_cast<float*>(data)[i] = value;
  }
};

// Narrow parameters by how they are rounded; kWide is f32.
enum class Master { wide, nearest, stochastic, compensated };

template <Master kMaster>
struct ParamArray {
  void* data;
  std::uint16_t* compensation;
  PhiloxBlock random;

  __device__ float load(std::int64_t i) const {
    if constexpr (kMaster == Master::wide) return static_cast<const float*>(data)[i];
    const float value = from_bf16(static_cast<const std::uint16_t*>(data)[i]);
    if constexpr (kMaster == Master::compensated) return value + from_bf16(compensation[i]);
    return value;
  }
  __device__ void store(std::int64_t i, int k, float value) const {
    if constexpr (kMaster == Master::wide) {
      static_cast<float*>(data)[i] = value;
    } else {
      const std::uint16_t code =
          kMaster == Master::stochastic ? stochastic_bf16(value, noise(random, k)) : nearest_bf16(value);
      static_cast<std::uint16_t*>(data)[i] = code;
      if constexpr (kMaster == Master::compensated) compensation[i] = nearest_bf16(value - from_bf16(code));
    }
  }
};

// Eight threads share 64 neighbours: thread l takes l, l + 8, ... l + 56, whose random bits one block of Philox holds.
template <Master kMaster, bool kNarrowMoments>
__global__ void adamw_kernel(const Table table, Settings settings) {
  const auto chunk = cuda::chunk_of_block(table);
  const AdamWSegment segment = table.segment[chunk.segment];
  if (!settings.source.moves()) return;
  const float factor = settings.source.factor(), lr = settings.source.rate(segment.lr);
  const float correction1 = settings.source.first_correction(), correction2 = settings.source.second_correction();
  const std::uint32_t number = settings.source.number();
  const float keep = 1.0f - lr * segment.weight_decay;
  std::int64_t lost = 0, wanted = 0;
  const std::int64_t lane = threadIdx.x % 8;
  for (std::int64_t begin = chunk.begin + threadIdx.x / 8 * 64; begin < chunk.end; begin += blockDim.x / 8 * 64) {
    const auto position = static_cast<std::uint64_t>(begin / 64 * 8 + lane);
    ParamArray<kMaster> param{segment.param, segment.compensation, {}};
    MomentArray<kNarrowMoments> first{segment.m, {}}, second{segment.v, {}};
    if constexpr (kMaster == Master::stochastic)
      param.random = philox_at(settings.seed, number, segment.stream, position);
    if constexpr (kNarrowMoments) {
      first.random = philox_at(settings.seed, number, segment.stream, position + kMomentPosition);
      second.random = philox_at(settings.seed, number, segment.stream, position + kSquarePosition);
    }
#pragma unroll
    for (int k = 0; k < 8; ++k) {
      const std::int64_t i = begin + 8 * k + lane;
      if (i >= chunk.end) break;
      const float g = factor * segment.grad[i];
      const float m = settings.beta1 * first.load(i) + (1.0f - settings.beta1) * g;
      const float v = settings.beta2 * second.load(i) + (1.0f - settings.beta2) * g * g;
      first.store(i, k, m);
      second.store(i, k, v);
      const float step = (m / correction1) / (sqrtf(v / correction2) + settings.eps);
      const float before = param.load(i);
      param.store(i, k, before * keep - lr * step);
      if (m == 0.0f) continue;
      ++wanted;
      if (param.load(i) == before) ++lost;
    }
  }
  if (!settings.counts) return;
  lost = cuda::block_sum(lost);
  wanted = cuda::block_sum(wanted);
  if (threadIdx.x == 0) settings.counts[blockIdx.x] = {lost, wanted};
}

__global__ void adamw_count_kernel(std::int64_t blocks, cuda::StepSource source, const Counts* counts,
                                   std::int64_t* out) {
  if (!source.moves()) return;
  std::int64_t lost = 0, wanted = 0;
  for (std::int64_t block = threadIdx.x; block < blocks; block += blockDim.x) {
    lost += counts[block].lost;
    wanted += counts[block].wanted;
  }
  lost = cuda::block_sum(lost);
  wanted = cuda::block_sum(wanted);
  if (threadIdx.x != 0) return;
  out[0] = lost;
  out[1] = wanted;
}

using Kernel = void (*)(Table, Settings);

template <bool kNarrowMoments>
Kernel kernel_of(const AdamWArgs& args) {
  if (args.master == DType::f32) return adamw_kernel<Master::wide, kNarrowMoments>;
  switch (args.rounding) {
    case MasterRounding::nearest: return adamw_kernel<Master::nearest, kNarrowMoments>;
    case MasterRounding::stochastic: return adamw_kernel<Master::stochastic, kNarrowMoments>;
    case MasterRounding::compensated: break;
  }
  return adamw_kernel<Master::compensated, kNarrowMoments>;
}

std::int64_t total_blocks(const AdamWArgs& args) {
  std::int64_t blocks = 0;
  for (const auto& segment : args.segments) blocks += cuda::segment_blocks(segment.numel);
  return blocks;
}

Counts* lay_out(cuda::WorkspaceCutter& cutter, const AdamWArgs& args) {
  return args.lost.present() ? cutter.take<Counts>(total_blocks(args)) : nullptr;
}

}  // namespace

void adamw_cuda(const Exec& exec, const AdamWArgs& args) {
  cuda::WorkspaceCutter cutter(exec);
  Counts* const counts = lay_out(cutter, args);
  Settings settings{.beta1 = args.beta1,
                    .beta2 = args.beta2,
                    .eps = args.eps,
                    .source = cuda::step_source(args),
                    .seed = args.seed,
                    .counts = counts};
  const Kernel kernel = args.moments == DType::bf16 ? kernel_of<true>(args) : kernel_of<false>(args);
  cuda::for_each_table(args.segments, [&](const Table& table, std::int64_t blocks) {
    cuda::launch_kernel(exec, "adamw", {.blocks_x = blocks, .threads_x = cuda::kBlockThreads}, kernel, table, settings);
    if (counts) settings.counts += blocks;
  });
  if (counts)
    cuda::launch_kernel(exec, "adamw", {.blocks_x = 1, .threads_x = cuda::kBlockThreads}, adamw_count_kernel,
                        total_blocks(args), settings.source, counts, args.lost.as<std::int64_t>());
}

std::size_t adamw_cuda_workspace_bytes(const AdamWArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(cutter, args));
  return cutter.used_bytes();
}

}  // namespace athanor::kernels
