// Two views of equal shape seen as few dims as possible. Plain C++, tested without a GPU.
#pragma once

#include "kernels/base/view.h"

#include <cstdint>
#include <optional>

namespace athanor::kernels::cuda {

// Outermost first; rank 0 is a single element. A plain struct, as it travels as a kernel argument.
struct StridedPair {
  int rank = 0;
  std::int64_t size[Shape::kMaxRank] = {};
  std::int64_t x_stride[Shape::kMaxRank] = {};
  std::int64_t y_stride[Shape::kMaxRank] = {};
};

// Leaves dims of size 1 out and joins neighbours that lie behind each other in both views.
[[nodiscard]] StridedPair merge_dims(const View& x, const View& y) noexcept;

// Both views are one run of memory, in the same order.
[[nodiscard]] bool is_dense(const StridedPair& pair) noexcept;

// y [matrices, columns, rows] holds the transposes of x [matrices, rows, columns], both dense.
struct Transpose {
  std::int64_t matrices = 1, rows = 0, columns = 0;
};
[[nodiscard]] std::optional<Transpose> as_transpose(const StridedPair& pair) noexcept;

}  // namespace athanor::kernels::cuda
