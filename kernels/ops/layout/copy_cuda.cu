#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/strided.h"
#include "kernels/ops/layout/copy.h"

namespace athanor::kernels {

namespace {

// One thread per element, in y's order of dims; the innermost dim is y's own.
__global__ void copy_kernel(cuda::StridedPair pair, std::int64_t elements, const std::int32_t* x, std::int32_t* y) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  std::int64_t left = i, from = 0, to = 0;
  for (int dim = pair.rank - 1; dim >= 0; --dim) {
    const std::int64_t index = left % pair.size[dim];
    left /= pair.size[dim];
    from += index * pair.x_stride[dim];
    to += index * pair.y_stride[dim];
  }
  y[to] = x[from];
}

// The last two dims of x read across, of y written across: 32 x 32 values turn through shared memory, so that both
// sides touch neighbours. blocks_x counts tiles of one matrix times matrices.
constexpr int kTile = 32;
constexpr int kTileRows = 8;

__global__ void transpose_kernel(std::int64_t rows, std::int64_t columns, std::int64_t row_tiles,
                                 std::int64_t column_tiles, const std::int32_t* x, std::int32_t* y) {
  __shared__ std::int32_t tile[kTile][kTile + 1];  // one more, so that a column lies in 32 banks
  std::int64_t block = blockIdx.x;
  const std::int64_t column = block % column_tiles * kTile;
  block /= column_tiles;
  const std::int64_t row = block % row_tiles * kTile;
  const std::int64_t matrix = block / row_tiles * rows * columns;
  const auto across = static_cast<int>(threadIdx.x);
  for (int down = static_cast<int>(threadIdx.y); down < kTile; down += kTileRows)
    if (row + down < rows && column + across < columns)
      tile[down][across] = x[matrix + (row + down) * columns + column + across];
  __syncthreads();
  for (int down = static_cast<int>(threadIdx.y); down < kTile; down += kTileRows)
    if (column + down < columns && row + across < rows)
      y[matrix + (column + down) * rows + row + across] = tile[across][down];
}

}  // namespace

void copy_cuda(const Exec& exec, const CopyArgs& args) {
  constexpr const char* kOp = "copy";
  const std::int64_t elements = args.y.numel();
  if (elements == 0) return;
  const cuda::StridedPair pair = cuda::merge_dims(args.x, args.y);
  const auto* const x = args.x.as<std::int32_t>();
  auto* const y = args.y.as<std::int32_t>();
  if (cuda::is_dense(pair)) {
    ATH_CUDA_CHECK(kOp, cudaMemcpyAsync(y, x, static_cast<std::size_t>(elements) * sizeof(std::int32_t),
                                        cudaMemcpyDeviceToDevice, cuda::stream_of(exec)));
    return;
  }
  if (const auto turn = cuda::as_transpose(pair)) {
    const std::int64_t row_tiles = cuda::ceil_div(turn->rows, kTile),
                       column_tiles = cuda::ceil_div(turn->columns, kTile);
    return cuda::launch_kernel(
        exec, kOp, {.blocks_x = turn->matrices * row_tiles * column_tiles, .threads_x = kTile, .threads_y = kTileRows},
        transpose_kernel, turn->rows, turn->columns, row_tiles, column_tiles, x, y);
  }
  cuda::launch_kernel(exec, kOp, cuda::per_element(elements), copy_kernel, pair, elements, x, y);
}

}  // namespace athanor::kernels
