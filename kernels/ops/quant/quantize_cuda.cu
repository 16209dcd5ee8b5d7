#include "kernels/cuda/device/reduce.cuh"
#include "kernels/cuda/device/storage.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/workspace.h"
#include "kernels/ops/quant/quantize.h"

namespace athanor::kernels {

namespace {

constexpr std::int64_t kChunk = 8192;  // elements whose statistics one block gathers
constexpr std::int64_t kMostBlocks = 1024;
constexpr int kTile = 32, kTileRows = 8;

struct Tally {
  double at[QuantizeStats::kCount];
};

// x or its transpose, as groups see it.
template <class T>
struct Source {
  const T* x;
  ScaleGrid grid;
  bool transposed;

  __device__ float at(std::int64_t row, std::int64_t column) const {
    return cuda::load(x, transposed ? column * grid.rows + row : row * grid.columns + column);
  }
};

__device__ float finite_magnitude(float x) { return isfinite(x) ? fabsf(x) : 0.0f; }

// ---- Scales ----

template <class T>
__global__ void tensor_amax_kernel(std::int64_t elements, std::int64_t chunk, const T* x, float* partial) {
  const std::int64_t begin = std::int64_t{blockIdx.x} * chunk,
                     end = begin + chunk < elements ? begin + chunk : elements;
  float amax = 0.0f;
  for (std::int64_t i = begin + threadIdx.x; i < end; i += blockDim.x)
    amax = cuda::Max::join(amax, finite_magnitude(cuda::load(x, i)));
  amax = cuda::block_reduce<cuda::Max>(amax, 0.0f);
  if (threadIdx.x == 0) partial[blockIdx.x] = amax;
}

__global__ void tensor_scale_kernel(std::int64_t blocks, const float* partial, float largest, bool power_of_two,
                                    float* scale) {
  float amax = 0.0f;
  for (std::int64_t i = threadIdx.x; i < blocks; i += blockDim.x) amax = cuda::Max::join(amax, partial[i]);
  amax = cuda::block_reduce<cuda::Max>(amax, 0.0f);
  if (threadIdx.x == 0) *scale = scale_for(amax, largest, power_of_two);
}

// One block per group.
template <class T>
__global__ void group_scale_kernel(Source<T> source, float largest, bool power_of_two, float* scales) {
  const ScaleGrid& grid = source.grid;
  const std::int64_t row = std::int64_t{blockIdx.x} / grid.across() * grid.tall;
  const std::int64_t column = std::int64_t{blockIdx.x} % grid.across() * grid.wide;
  const std::int64_t tall = row + grid.tall < grid.rows ? grid.tall : grid.rows - row;
  const std::int64_t wide = column + grid.wide < grid.columns ? grid.wide : grid.columns - column;
  float amax = 0.0f;
  for (std::int64_t i = threadIdx.x; i < tall * wide; i += blockDim.x)
    amax = cuda::Max::join(amax, finite_magnitude(source.at(row + i / wide, column + i % wide)));
  amax = cuda::block_reduce<cuda::Max>(amax, 0.0f);
  if (threadIdx.x == 0) scales[blockIdx.x] = scale_for(amax, largest, power_of_two);
}

__global__ void transpose_scales_kernel(std::int64_t down, std::int64_t across, const float* scales,
                                        float* column_scales) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < down * across) column_scales[i % across * down + i / across] = scales[i];
}

// ---- Codes ----

template <class Format>
__device__ std::uint32_t code_of(float x, float scale) {
  return Format::encode(x / scale);
}

// One thread per stored byte or pair of bytes.
template <class T, class Format>
__global__ void codes_kernel(Source<T> source, const float* scales, void* codes) {
  constexpr int kPerThread = Format::kBits == 4 ? 2 : 1;
  const std::int64_t first = (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) * kPerThread;
  const ScaleGrid& grid = source.grid;
  const std::int64_t elements = grid.rows * grid.columns;
  if (first >= elements) return;
  const auto code = [&](std::int64_t i) {
    const std::int64_t row = i / grid.columns, column = i % grid.columns;
    return code_of<Format>(source.at(row, column), scales[grid.group_of(row, column)]);
  };
  if constexpr (Format::kBits == 4)
    static_cast<std::uint8_t*>(codes)[first / 2] = static_cast<std::uint8_t>(code(first) | code(first + 1) << 4);
  else if constexpr (Format::kBits == 8)
    static_cast<std::uint8_t*>(codes)[first] = static_cast<std::uint8_t>(code(first));
  else
    static_cast<std::uint16_t*>(codes)[first] = static_cast<std::uint16_t>(code(first));
}

// The transpose through shared memory, so that both sides are read and written in rows. `grid` is that of the result.
template <class T, class Format>
__global__ void column_codes_kernel(const T* x, ScaleGrid grid, const float* scales, void* codes) {
  __shared__ float tile[kTile][kTile + 1];
  const std::int64_t row = std::int64_t{blockIdx.y} * kTile, column = std::int64_t{blockIdx.x} * kTile;
  for (int i = static_cast<int>(threadIdx.y); i < kTile; i += kTileRows)
    if (column + i < grid.columns && row + threadIdx.x < grid.rows)
      tile[i][threadIdx.x] = cuda::load(x, (column + i) * grid.rows + row + threadIdx.x);
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.y); i < kTile; i += kTileRows) {
    const std::int64_t r = row + i, c = column + threadIdx.x;
    if (r >= grid.rows || c >= grid.columns) continue;
    const std::uint32_t code = code_of<Format>(tile[threadIdx.x][i], scales[grid.group_of(r, c)]);
    if constexpr (Format::kBits == 8)
      static_cast<std::uint8_t*>(codes)[r * grid.columns + c] = static_cast<std::uint8_t>(code);
    else
      static_cast<std::uint16_t*>(codes)[r * grid.columns + c] = static_cast<std::uint16_t>(code);
  }
}

// ---- Statistics ----

template <class Format>
__device__ void count(Tally& tally, float x, float scale, float largest) {
  using S = QuantizeStats;
  tally.at[S::elements] += 1;
  if (!isfinite(x)) {
    tally.at[S::nonfinite] += 1;
    return;
  }
  const float scaled = x / scale, code = Format::decode(Format::encode(scaled));
  const double error = static_cast<double>(x) - static_cast<double>(code * scale);
  tally.at[S::amax] = cuda::Max::join(tally.at[S::amax], static_cast<double>(fabsf(x)));
  tally.at[S::squares] += static_cast<double>(x) * static_cast<double>(x);
  tally.at[S::error_squares] += error * error;
  tally.at[S::nonzero] += x != 0.0f;
  tally.at[S::underflowed] += x != 0.0f && code == 0.0f;
  tally.at[S::saturated] += fabsf(scaled) > largest;
}

__device__ void reduce_tally(Tally& tally) {
#pragma unroll
  for (int i = 0; i < QuantizeStats::kCount; ++i)
    tally.at[i] =
        i == QuantizeStats::amax ? cuda::block_reduce<cuda::Max>(tally.at[i], 0.0) : cuda::block_sum(tally.at[i]);
}

template <class T, class Format>
__global__ void stats_kernel(Source<T> source, std::int64_t chunk, const float* scales, float largest, Tally* partial) {
  const ScaleGrid& grid = source.grid;
  const std::int64_t elements = grid.rows * grid.columns;
  const std::int64_t begin = std::int64_t{blockIdx.x} * chunk,
                     end = begin + chunk < elements ? begin + chunk : elements;
  Tally tally{};
  for (std::int64_t i = begin + threadIdx.x; i < end; i += blockDim.x) {
    const std::int64_t row = i / grid.columns, column = i % grid.columns;
    count<Format>(tally, source.at(row, column), scales[grid.group_of(row, column)], largest);
  }
  reduce_tally(tally);
  if (threadIdx.x == 0) partial[blockIdx.x] = tally;
}

__global__ void stats_finish_kernel(std::int64_t blocks, const Tally* partial, double* stats) {
  Tally tally{};
  for (std::int64_t block = threadIdx.x; block < blocks; block += blockDim.x)
    for (int i = 0; i < QuantizeStats::kCount; ++i)
      tally.at[i] = i == QuantizeStats::amax ? cuda::Max::join(tally.at[i], partial[block].at[i])
                                             : tally.at[i] + partial[block].at[i];
  reduce_tally(tally);
  if (threadIdx.x == 0)
    for (int i = 0; i < QuantizeStats::kCount; ++i) stats[i] = tally.at[i];
}

// ---- The op ----

// Blocks of one pass over all elements, few enough for one block to join them.
struct Chunks {
  std::int64_t blocks, size;
};
Chunks chunks_of(std::int64_t elements) {
  const std::int64_t size = std::max(kChunk, cuda::ceil_div(elements, kMostBlocks));
  return {cuda::ceil_div(elements, size), size};
}

struct Scratch {
  float* amax = nullptr;
  Tally* tallies = nullptr;
};
Scratch lay_out(const QuantizeArgs& args, cuda::WorkspaceCutter& cutter) {
  const std::int64_t blocks = chunks_of(args.x.numel()).blocks;
  Scratch scratch;
  scratch.amax = cutter.take<float>(blocks);
  scratch.tallies = cutter.take<Tally>(args.stats.present() ? blocks : 0);
  return scratch;
}

constexpr const char* kOp = "quantize";

template <class T>
void find_scales(const Exec& exec, const QuantizeArgs& args, const Source<T>& source, float* scales, float* amax) {
  const float largest = largest_code(args.format);
  if (args.x.numel() == 0) return;
  if (args.grouping == Grouping::tensor) {
    const Chunks chunks = chunks_of(args.x.numel());
    cuda::launch_kernel(exec, kOp, {.blocks_x = chunks.blocks, .threads_x = cuda::kBlockThreads}, tensor_amax_kernel<T>,
                        args.x.numel(), chunks.size, source.x, amax);
    cuda::launch_kernel(exec, kOp, {.blocks_x = 1, .threads_x = cuda::kBlockThreads}, tensor_scale_kernel,
                        chunks.blocks, static_cast<const float*>(amax), largest, args.power_of_two, scales);
    return;
  }
  const bool small = source.grid.tall * source.grid.wide <= 256;
  cuda::launch_kernel(exec, kOp, {.blocks_x = source.grid.count(), .threads_x = small ? 32 : cuda::kBlockThreads},
                      group_scale_kernel<T>, source, largest, args.power_of_two, scales);
}

template <class T, class Format>
void code_columns(const Exec& exec, const QuantizeArgs& args, const Source<T>& transposed, const float* scales) {
  if constexpr (Format::kBits == 4) {
    cuda::launch_kernel(exec, kOp, cuda::per_element(args.x.numel(), 2), codes_kernel<T, Format>, transposed, scales,
                        args.column_codes.data);
  } else {
    const cuda::LaunchConfig config{.blocks_x = cuda::ceil_div(transposed.grid.columns, kTile),
                                    .blocks_y = cuda::ceil_div(transposed.grid.rows, kTile),
                                    .threads_x = kTile,
                                    .threads_y = kTileRows};
    cuda::launch_kernel(exec, kOp, config, column_codes_kernel<T, Format>, transposed.x, transposed.grid, scales,
                        args.column_codes.data);
  }
}

template <class T, class Format>
void run(const Exec& exec, const QuantizeArgs& args) {
  cuda::WorkspaceCutter cutter(exec);
  const Scratch scratch = lay_out(args, cutter);
  const Source<T> plain{args.x.as<T>(), scale_grid(args.grouping, args.x, args.block), false};
  auto* scales = args.scales.as<float>();
  if (!args.given_scale) find_scales(exec, args, plain, scales, scratch.amax);
  if (args.codes.present())
    cuda::launch_kernel(exec, kOp, cuda::per_element(args.x.numel(), Format::kBits == 4 ? 2 : 1),
                        codes_kernel<T, Format>, plain, static_cast<const float*>(scales), args.codes.data);
  if (args.column_codes.present()) {
    const Source<T> transposed{plain.x, scale_grid(args.grouping, plain.grid.columns, plain.grid.rows, args.block),
                               true};
    const bool own_scales = args.grouping == Grouping::row || args.grouping == Grouping::stretch;
    float* column_scales = args.column_scales.present() ? args.column_scales.as<float>() : scales;
    if (!args.given_scale && own_scales) find_scales(exec, args, transposed, column_scales, scratch.amax);
    if (!args.given_scale && !own_scales && column_scales != scales)
      cuda::launch_kernel(exec, kOp, cuda::per_element(plain.grid.count()), transpose_scales_kernel, plain.grid.down(),
                          plain.grid.across(), static_cast<const float*>(scales), column_scales);
    code_columns<T, Format>(exec, args, transposed, column_scales);
  }
  if (!args.stats.present()) return;
  const Chunks chunks = chunks_of(args.x.numel());
  cuda::launch_kernel(exec, kOp, {.blocks_x = chunks.blocks, .threads_x = cuda::kBlockThreads}, stats_kernel<T, Format>,
                      plain, chunks.size, static_cast<const float*>(scales), largest_code(args.format),
                      scratch.tallies);
  cuda::launch_kernel(exec, kOp, {.blocks_x = 1, .threads_x = cuda::kBlockThreads}, stats_finish_kernel, chunks.blocks,
                      static_cast<const Tally*>(scratch.tallies), args.stats.as<double>());
}

template <class T>
__global__ void dequantize_kernel(ScaleGrid grid, DType format, const void* codes, const float* scales, T* y) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= grid.rows * grid.columns) return;
  float value = 0.0f;
  with_code_format(format, [&]<class Format>() {
    if constexpr (Format::kBits == 16)
      value = Format::decode(static_cast<const std::uint16_t*>(codes)[i]);
    else if constexpr (Format::kBits == 8)
      value = Format::decode(static_cast<const std::uint8_t*>(codes)[i]);
    else
      value = Format::decode(static_cast<std::uint32_t>(static_cast<const std::uint8_t*>(codes)[i / 2] >> (i % 2 * 4)) &
                             15u);
  });
  cuda::store(y, i, value * scales[grid.group_of(i / grid.columns, i % grid.columns)]);
}

}  // namespace

void quantize_cuda(const Exec& exec, const QuantizeArgs& args) {
  cuda::with_storage(args.x.dtype, [&]<class T>() {
    with_code_format(args.format, [&]<class Format>() { run<T, Format>(exec, args); });
  });
}

std::size_t quantize_cuda_workspace_bytes(const QuantizeArgs& args) {
  cuda::WorkspaceCutter cutter;
  static_cast<void>(lay_out(args, cutter));
  return cutter.used_bytes();
}

void dequantize_cuda(const Exec& exec, const DequantizeArgs& args) {
  const ScaleGrid grid = scale_grid(args.grouping, args.codes, args.block);
  cuda::with_storage(args.y.dtype, [&]<class T>() {
    cuda::launch_kernel(exec, "dequantize", cuda::per_element(args.codes.numel()), dequantize_kernel<T>, grid,
                        args.codes.dtype, static_cast<const void*>(args.codes.data),
                        static_cast<const float*>(args.scales.data), args.y.as<T>());
  });
}

}  // namespace athanor::kernels
