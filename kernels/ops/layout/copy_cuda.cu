#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/strided.h"
#include "kernels/ops/layout/copy.h"

namespace athanor::kernels {

namespace {

// One thread per element, in y's order of dims; the innermost dim is y's own.
template <class Word>
__global__ void copy_kernel(cuda::StridedPair pair, std::int64_t elements, const Word* x, Word* y) {
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

template <class Word>
__global__ void transpose_kernel(std::int64_t rows, std::int64_t columns, std::int64_t row_tiles,
                                 std::int64_t column_tiles, const Word* x, Word* y) {
  __shared__ Word tile[kTile][kTile + 1];  // one more, so that a column lies in 32 banks
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

constexpr const char* kOp = "copy";

// Every element type travels as its bits, in an integer of as many bytes.
template <class Word>
void copy_words(const Exec& exec, const CopyArgs& args) {
  const std::int64_t elements = args.y.numel();
  const cuda::StridedPair pair = cuda::merge_dims(args.x, args.y);
  const Word* const x = args.x.as<Word>();
  Word* const y = args.y.as<Word>();
  if (cuda::is_dense(pair)) {
    ATH_CUDA_CHECK(kOp, cudaMemcpyAsync(y, x, static_cast<std::size_t>(elements) * sizeof(Word),
                                        cudaMemcpyDeviceToDevice, cuda::stream_of(exec)));
    return;
  }
  if (const auto turn = cuda::as_transpose(pair)) {
    const std::int64_t row_tiles = cuda::ceil_div(turn->rows, kTile),
                       column_tiles = cuda::ceil_div(turn->columns, kTile);
    return cuda::launch_kernel(
        exec, kOp, {.blocks_x = turn->matrices * row_tiles * column_tiles, .threads_x = kTile, .threads_y = kTileRows},
        transpose_kernel<Word>, turn->rows, turn->columns, row_tiles, column_tiles, x, y);
  }
  cuda::launch_kernel(exec, kOp, cuda::per_element(elements), copy_kernel<Word>, pair, elements, x, y);
}

}  // namespace

void copy_cuda(const Exec& exec, const CopyArgs& args) {
  if (args.y.numel() == 0) return;
  switch (size_bits(args.x.dtype)) {
    case 8: return copy_words<std::uint8_t>(exec, args);
    case 16: return copy_words<std::uint16_t>(exec, args);
    case 32: return copy_words<std::uint32_t>(exec, args);
    default: return copy_words<std::uint64_t>(exec, args);
  }
}

}  // namespace athanor::kernels
