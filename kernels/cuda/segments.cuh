// Lists of tensors in one launch: the table of up to kSegmentsPerLaunch of them travels as a kernel argument, so
// nothing is allocated or copied. Block b works on chunk (b - first_block[s]) of segment s, of kChunk elements.
#pragma once

#include "kernels/cuda/launch.cuh"

#include <algorithm>
#include <cstdint>
#include <span>

namespace athanor::kernels::cuda {

template <class Segment>
struct SegmentTable {
  // As many as the 4 KiB of a kernel's arguments hold beside what else it is given.
  static constexpr int kCapacity =
      std::min<int>(kSegmentsPerLaunch, 3800 / static_cast<int>(sizeof(Segment) + sizeof(std::int32_t)));
  Segment segment[kCapacity];
  std::int32_t first_block[kCapacity + 1];
  std::int32_t count;
};

struct SegmentChunk {
  int segment;
  std::int64_t begin, end;
};

template <std::int64_t kChunk = kSegmentChunk, class Segment>
__device__ SegmentChunk chunk_of_block(const SegmentTable<Segment>& table) {
  const auto block = static_cast<std::int32_t>(blockIdx.x);
  int low = 0, high = table.count - 1;
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    if (table.first_block[middle] <= block)
      low = middle;
    else
      high = middle - 1;
  }
  const std::int64_t begin = std::int64_t{block - table.first_block[low]} * kChunk;
  const std::int64_t numel = table.segment[low].numel;
  return {low, begin, begin + kChunk < numel ? begin + kChunk : numel};
}

// Calls body(table, blocks) for each launch's share of the list; empty segments are left out.
template <std::int64_t kChunk = kSegmentChunk, class Segment, class Body>
void for_each_table(std::span<const Segment> segments, Body&& body) {
  SegmentTable<Segment> table{};
  const auto flush = [&] {
    if (table.count > 0) body(table, std::int64_t{table.first_block[table.count]});
    table.count = 0;
  };
  for (const Segment& segment : segments) {
    if (segment.numel <= 0) continue;
    const std::int64_t blocks = segment_blocks(segment.numel, kChunk);
    if (table.count == SegmentTable<Segment>::kCapacity || table.first_block[table.count] + blocks > kMaxBlocksX)
      flush();
    table.segment[table.count] = segment;
    table.first_block[table.count + 1] =
        static_cast<std::int32_t>((table.count > 0 ? table.first_block[table.count] : 0) + blocks);
    table.first_block[0] = 0;
    ++table.count;
  }
  flush();
}

}  // namespace athanor::kernels::cuda
