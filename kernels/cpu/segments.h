// Cuts a list of arrays of different length into blocks of equal size, for work on many tensors in one parallel region.
#pragma once

#include "kernels/cpu/parallel.h"

#include <cstdint>

namespace athanor::kernels::cpu {

// The number of blocks of all segments together; a block never spans two segments.
template <class Segments>
[[nodiscard]] std::int64_t segment_block_count(const Segments& segments, std::int64_t block_size) {
  std::int64_t blocks = 0;
  for (const auto& segment : segments) blocks += block_count(segment.numel, block_size);
  return blocks;
}

// Calls visit(segment, range, block) for every block, in parallel. A block finds its segment by walking the list: lists
// are short (hundreds) beside blocks (thousands of elements).
template <class Segments, class Visit>
void for_each_segment_block(int threads, const Segments& segments, std::int64_t block_size, Visit&& visit) {
  parallel_for(threads, segment_block_count(segments, block_size), [&](std::int64_t block) {
    std::int64_t first = 0;
    for (const auto& segment : segments) {
      const std::int64_t blocks = block_count(segment.numel, block_size);
      if (block < first + blocks) return visit(segment, block_range(block - first, block_size, segment.numel), block);
      first += blocks;
    }
  });
}

}  // namespace athanor::kernels::cpu
