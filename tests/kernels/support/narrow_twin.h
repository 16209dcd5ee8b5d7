// A CUDA kernel on f16 and bf16 against the op on the CPU, which widens, computes in f32 and rounds: equal but for the
// last bit, where sums run in another order. Every op case is run so, on the arrays whose roles are narrow().
#pragma once

#include "kernels/base/number_format.h"
#include "kernels/cpu/launch.h"
#include "tests/kernels/support/op_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

namespace athanor::kernels::test {

// Owns the narrow copies of the arrays of one call, with guards behind them. Arrays that lie in each other stay so.
class NarrowMemory {
 public:
  // `offset` elements off the alignment that vector code would like.
  NarrowMemory(DType format, std::size_t offset) : format_(format), offset_(offset) {}

  [[nodiscard]] View narrowed(const View& wide);
  [[nodiscard]] bool guards_intact() const;

 private:
  using Codes = std::vector<std::uint16_t, SharedAllocator<std::uint16_t>>;
  DType format_;
  std::size_t offset_;
  std::map<const void*, Codes> codes_;  // by where the wide array lies
};

template <class Args>
[[nodiscard]] constexpr int narrow_groups() {
  int groups = 0;
  if constexpr (ListsArrays<Args>)
    for (const auto& role : Args::arrays()) groups = std::max(groups, role.narrow_group + 1);
  return groups;
}

template <class Args>
Args narrowed(const Args& wide, int groups, NarrowMemory& memory) {
  Args narrow = wide;
  for (const auto& role : Args::arrays()) {
    View& view = narrow.*role.view;
    if (view.present() && view.dtype == DType::f32 && role.narrow_group >= 0 && role.narrow_group < groups)
      view = memory.narrowed(view);
  }
  return narrow;
}

// Reports the first element that differs by more than the tolerance of `block` and a rounding. `format` is that of the
// narrow arrays of the call.
void expect_twin(const char* name, const View& got, const View& want, const OpMemory::Block& block, DType format);

template <class Args>
void expect_twins(const Args& got, const Args& want, const Args& wide, const OpMemory& memory, DType format) {
  for (const auto& role : Args::arrays()) {
    const View& view = wide.*role.view;
    if (role.access == Access::read || !view.present()) continue;
    for (const OpMemory::Block& block : memory.blocks())
      if (block.holds(view.data)) expect_twin(role.name, got.*role.view, want.*role.view, block, format);
  }
}

}  // namespace athanor::kernels::test
