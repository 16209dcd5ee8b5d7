// Runs the grid of a kernel on one processor thread: every CUDA thread is a fiber, blocks follow one another, shared
// memory is static memory. Fibers change only at barriers and warp exchanges. A warp runs as far as barriers let it
// before the next one moves, and the order of warps and lanes differs from launch to launch: a kernel that lacks a
// barrier gives different answers.
//
// Throws std::logic_error when lanes of a warp wait for different things, a lane is asked for what it did not give, or
// the launch is one that CUDA refuses. A thread that has returned counts as being at every barrier, as on a device.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned along_x = 1, unsigned along_y = 1, unsigned along_z = 1)
      : x(along_x), y(along_y), z(along_z) {}
};

// Of the fiber that runs now.
extern dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace athanor::emulation {

void run_grid(dim3 grid, dim3 block, const std::function<void()>& thread);

void wait_for_block();
[[nodiscard]] int lane();
// Every lane gives a word; returns the word of lane `source` of the caller's warp.
[[nodiscard]] std::uint64_t exchange_word(std::uint64_t word, int source);
[[nodiscard]] unsigned ballot(bool predicate);
// How many grids ran so far.
[[nodiscard]] std::int64_t grids_run();

template <class T>
T exchange(T value, int source) {
  static_assert(sizeof(T) <= sizeof(std::uint64_t));
  std::uint64_t word = 0;
  std::memcpy(&word, &value, sizeof(T));
  word = exchange_word(word, source);
  std::memcpy(&value, &word, sizeof(T));
  return value;
}

}  // namespace athanor::emulation
