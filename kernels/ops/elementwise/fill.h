// fill: every element of y becomes value.
//
// Shapes      y of any shape. f32, contiguous.
// Outputs     y: overwritten.
#pragma once

#include "kernels/base/arrays.h"
#include "kernels/base/launch.h"
#include "kernels/base/view.h"

namespace athanor::kernels {

struct FillArgs {
  float value = 0.0f;
  View y{};

  static constexpr auto arrays() { return std::array{writes("y", &FillArgs::y).narrow()}; }
};

void fill(const Exec& exec, const FillArgs& args);

// Backends.
[[nodiscard]] Candidates<FillArgs> fill_candidates();
void fill_cuda(const Exec& exec, const FillArgs& args);

}  // namespace athanor::kernels
