// Launch shapes as pure functions of the problem: the same on every device, so that the order of every sum is a
// function of shapes alone. Plain C++, tested without a GPU.
#pragma once

#include <cstdint>
#include <string>

namespace athanor::kernels::cuda {

struct LaunchConfig {
  std::int64_t blocks_x = 1, blocks_y = 1;
  int threads_x = 1, threads_y = 1;

  [[nodiscard]] constexpr bool empty() const noexcept { return blocks_x <= 0 || blocks_y <= 0; }
  [[nodiscard]] constexpr int threads() const noexcept { return threads_x * threads_y; }
  [[nodiscard]] bool operator==(const LaunchConfig&) const = default;
};

[[nodiscard]] std::string to_string(const LaunchConfig& config);

inline constexpr int kWarp = 32;
inline constexpr int kBlockThreads = 256;
inline constexpr std::int64_t kMaxBlocksX = 2147483647;
inline constexpr std::int64_t kMaxBlocksY = 65535;
inline constexpr int kMaxThreads = 1024;

// Throws Failure (internal) for a launch that no device takes.
void check_launch(const char* op, const LaunchConfig& config);

[[nodiscard]] constexpr std::int64_t ceil_div(std::int64_t count, std::int64_t size) noexcept {
  return (count + size - 1) / size;
}

// One thread per `per_thread` elements.
[[nodiscard]] LaunchConfig per_element(std::int64_t elements, int per_thread = 1) noexcept;

// One team of threads per row: a warp while a row fits in a few values per lane, else a block.
struct RowLaunch {
  LaunchConfig config;
  bool block_per_row = false;
};
inline constexpr std::int64_t kWarpRowColumns = 1024;
[[nodiscard]] RowLaunch per_row(std::int64_t rows, std::int64_t columns) noexcept;

// One block per row, as wide as the row needs.
[[nodiscard]] LaunchConfig block_per_row(std::int64_t rows, std::int64_t columns) noexcept;

// Sums over rows: blocks of 32 columns by 8 row lanes; rows are cut into blocks whose partial sums are added in order.
struct ColumnLaunch {
  LaunchConfig config;  // blocks_x column tiles, blocks_y row blocks
  std::int64_t row_blocks = 1;
  std::int64_t rows_per_block = 0;
};
inline constexpr int kColumnTile = 32;
inline constexpr int kRowLanes = 8;
inline constexpr std::int64_t kMaxRowBlocks = 256;
[[nodiscard]] ColumnLaunch per_column(std::int64_t rows, std::int64_t columns) noexcept;

// How many images a convolution unfolds at a time: as many as keep the unfolded matrix within kUnfoldBytes, at least
// one.
inline constexpr std::int64_t kUnfoldBytes = std::int64_t{64} << 20;
[[nodiscard]] std::int64_t images_per_chunk(std::int64_t images, std::int64_t rows_per_image,
                                            std::int64_t columns) noexcept;

// Attention: each warp owns `rows` queries (or keys), each block `warps` warps; the other side is read in tiles of
// `tile` rows. A head dim takes `per_lane` values per lane; 0 means the head dim is too large.
struct AttentionShape {
  int per_lane = 0, rows = 0, warps = 0, tile = 0;

  [[nodiscard]] constexpr int rows_per_block() const noexcept { return rows * warps; }
  [[nodiscard]] bool operator==(const AttentionShape&) const = default;
};
inline constexpr std::int64_t kMaxHeadDim = 256;
[[nodiscard]] constexpr AttentionShape attention_shape(std::int64_t head_dim) noexcept {
  if (head_dim <= 32) return {1, 4, 8, 32};
  if (head_dim <= 64) return {2, 4, 8, 32};
  if (head_dim <= 128) return {4, 4, 8, 32};
  if (head_dim <= kMaxHeadDim) return {8, 1, 8, 32};
  return {};
}
[[nodiscard]] constexpr AttentionShape attention_grad_shape(std::int64_t head_dim) noexcept {
  if (head_dim <= 32) return {1, 4, 8, 32};
  if (head_dim <= 64) return {2, 4, 8, 32};
  if (head_dim <= 128) return {4, 1, 8, 32};
  if (head_dim <= kMaxHeadDim) return {8, 1, 4, 16};
  return {};
}
// Bytes of shared memory of one block: the own rows and the tiles, whose rows are padded by one value.
[[nodiscard]] constexpr std::int64_t attention_shared_bytes(const AttentionShape& s) noexcept {
  return 4 * (std::int64_t{s.rows_per_block()} * s.per_lane * kWarp + std::int64_t{s.tile} * (s.per_lane * kWarp + 1));
}
[[nodiscard]] constexpr std::int64_t attention_grad_shared_bytes(const AttentionShape& s) noexcept {
  return 2 * attention_shared_bytes(s);
}

// Attention on tensor cores: warps of 16 rows, the other side in tiles of `tile` rows.
struct TensorCoreAttention {
  int dim = 0, warps = 0, tile = 0;

  [[nodiscard]] constexpr int rows_per_block() const noexcept { return 16 * warps; }
  // Of so many arrays of own rows and of tiles, all padded by eight elements of two bytes.
  [[nodiscard]] constexpr std::int64_t shared_bytes(int own, int tiles) const noexcept {
    return 2 * (dim + 8) * (std::int64_t{own} * rows_per_block() + std::int64_t{tiles} * tile);
  }
};
inline constexpr std::int64_t kMaxTensorCoreHeadDim = 128;
[[nodiscard]] constexpr TensorCoreAttention tensor_core_attention(std::int64_t head_dim) noexcept {
  if (head_dim <= 32) return {32, 4, 64};
  if (head_dim <= 64) return {64, 4, 64};
  return {128, 4, 32};
}
[[nodiscard]] constexpr TensorCoreAttention tensor_core_attention_grad(std::int64_t head_dim) noexcept {
  if (head_dim <= 32) return {32, 4, 32};
  if (head_dim <= 64) return {64, 4, 32};
  return {128, 4, 16};
}

// Lists of tensors: each launch takes up to kSegmentsPerLaunch of them, each block kSegmentChunk elements of one.
inline constexpr int kSegmentsPerLaunch = 64;
inline constexpr std::int64_t kSegmentChunk = 8192;
[[nodiscard]] constexpr std::int64_t segment_blocks(std::int64_t elements,
                                                    std::int64_t chunk = kSegmentChunk) noexcept {
  return ceil_div(elements, chunk);
}

}  // namespace athanor::kernels::cuda
