// Runs fixed logical blocks of work on a persistent pool of threads.
//
// The caller cuts the work into blocks whose borders depend on shapes only; which thread runs a block is decided at run
// time. So results are the same bits for any thread count, as long as blocks write disjoint memory and partial results
// are added afterwards in order of blocks.
#pragma once

#include <cstdint>
#include <type_traits>

namespace athanor::kernels::cpu {

using BlockFunction = void (*)(void* context, std::int64_t block, int worker);

// Calls function(context, block, worker) once for every block in [0, blocks), on up to `threads` threads of which the
// caller is worker 0; 0 <= worker < threads, and a worker runs one block at a time. Returns when all are done. The
// first exception is rethrown here. A call from inside a block, or while another thread uses the pool, runs in the
// caller alone. Inside a block OpenMP regions run on one thread, and handlers of signals that come from outside wait
// until the thread is through with its blocks.
void run_blocks(int threads, std::int64_t blocks, BlockFunction function, void* context);

// The same for a callable taking (block) or (block, worker).
template <class Function>
void parallel_for(int threads, std::int64_t blocks, Function&& function) {
  using Plain = std::remove_reference_t<Function>;
  run_blocks(
      threads, blocks,
      [](void* context, std::int64_t block, int worker) {
        auto& call = *static_cast<Plain*>(context);
        if constexpr (std::is_invocable_v<Plain&, std::int64_t, int>)
          call(block, worker);
        else
          call(block);
      },
      const_cast<void*>(static_cast<const void*>(&function)));
}

[[nodiscard]] constexpr std::int64_t block_count(std::int64_t total, std::int64_t block_size) noexcept {
  return (total + block_size - 1) / block_size;
}

struct BlockRange {
  std::int64_t begin, end;
  [[nodiscard]] constexpr std::int64_t size() const noexcept { return end - begin; }
};

[[nodiscard]] constexpr BlockRange block_range(std::int64_t block, std::int64_t block_size,
                                               std::int64_t total) noexcept {
  const std::int64_t begin = block * block_size;
  return {begin, begin + block_size < total ? begin + block_size : total};
}

// parallel_for over [0, total) cut into ranges of block_size; function takes (BlockRange) or (BlockRange, worker).
template <class Function>
void parallel_ranges(int threads, std::int64_t total, std::int64_t block_size, Function&& function) {
  parallel_for(threads, block_count(total, block_size), [&](std::int64_t block, int worker) {
    const BlockRange range = block_range(block, block_size, total);
    if constexpr (std::is_invocable_v<Function&, BlockRange, int>)
      function(range, worker);
    else
      function(range);
  });
}

}  // namespace athanor::kernels::cpu
