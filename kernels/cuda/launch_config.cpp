#include "kernels/cuda/launch_config.h"

#include "kernels/base/error.h"

#include <algorithm>

namespace athanor::kernels::cuda {

namespace {

// Threads for a row of its own block: about four values each, whole warps, 32 to 1024.
int threads_for(std::int64_t columns) noexcept {
  const std::int64_t warps = ceil_div(ceil_div(std::max<std::int64_t>(columns, 1), 4), kWarp);
  return static_cast<int>(std::clamp<std::int64_t>(warps, 1, 32)) * kWarp;
}

}  // namespace

std::string to_string(const LaunchConfig& config) {
  return "grid " + std::to_string(config.blocks_x) + " x " + std::to_string(config.blocks_y) + ", block " +
         std::to_string(config.threads_x) + " x " + std::to_string(config.threads_y);
}

void check_launch(const char* op, const LaunchConfig& config) {
  if (config.blocks_x <= kMaxBlocksX && config.blocks_y <= kMaxBlocksY && config.threads() <= kMaxThreads) return;
  throw Failure(ErrorKind::internal, std::string("run ") + op + " on a CUDA device",
                "its launch, " + to_string(config) + ", is more than devices take",
                "Make data.batch_size smaller, or use the device cpu");
}

LaunchConfig per_element(std::int64_t elements, int per_thread) noexcept {
  return {.blocks_x = ceil_div(elements, std::int64_t{kBlockThreads} * per_thread), .threads_x = kBlockThreads};
}

RowLaunch per_row(std::int64_t rows, std::int64_t columns) noexcept {
  if (columns > kWarpRowColumns) return {.config = block_per_row(rows, columns), .block_per_row = true};
  constexpr int kRowsPerBlock = kBlockThreads / kWarp;
  return {.config = {.blocks_x = ceil_div(rows, kRowsPerBlock), .threads_x = kWarp, .threads_y = kRowsPerBlock}};
}

LaunchConfig block_per_row(std::int64_t rows, std::int64_t columns) noexcept {
  return {.blocks_x = rows, .threads_x = threads_for(columns)};
}

ColumnLaunch per_column(std::int64_t rows, std::int64_t columns) noexcept {
  constexpr std::int64_t kLeastRows = 64;       // below, a block would mostly wait
  constexpr std::int64_t kEnoughBlocks = 1024;  // fills any device
  const std::int64_t tiles = ceil_div(columns, kColumnTile);
  const std::int64_t most =
      std::clamp<std::int64_t>(kEnoughBlocks / std::max<std::int64_t>(tiles, 1), 1, kMaxRowBlocks);
  const std::int64_t wanted = std::clamp<std::int64_t>(ceil_div(rows, kLeastRows), 1, most);
  const std::int64_t rows_per_block = ceil_div(ceil_div(rows, wanted), kRowLanes) * kRowLanes;
  const std::int64_t row_blocks = std::max<std::int64_t>(rows_per_block ? ceil_div(rows, rows_per_block) : 0, 1);
  return {.config = {.blocks_x = tiles, .blocks_y = row_blocks, .threads_x = kColumnTile, .threads_y = kRowLanes},
          .row_blocks = row_blocks,
          .rows_per_block = rows_per_block};
}

std::int64_t images_per_chunk(std::int64_t images, std::int64_t rows_per_image, std::int64_t columns) noexcept {
  const std::int64_t bytes = std::max<std::int64_t>(rows_per_image * columns * 4, 1);
  return std::clamp<std::int64_t>(kUnfoldBytes / bytes, 1, std::max<std::int64_t>(images, 1));
}

}  // namespace athanor::kernels::cuda
