#include "kernels/cuda/strided.h"

namespace athanor::kernels::cuda {

StridedPair merge_dims(const View& x, const View& y) noexcept {
  StridedPair pair;
  for (int dim = 0; dim < y.shape.rank(); ++dim) {
    const std::int64_t size = y.shape[dim];
    if (size == 1) continue;
    const int last = pair.rank - 1;
    const bool behind =
        pair.rank > 0 && pair.x_stride[last] == size * x.strides[dim] && pair.y_stride[last] == size * y.strides[dim];
    const int at = behind ? last : pair.rank++;
    pair.size[at] = behind ? pair.size[at] * size : size;
    pair.x_stride[at] = x.strides[dim];
    pair.y_stride[at] = y.strides[dim];
  }
  return pair;
}

bool is_dense(const StridedPair& pair) noexcept {
  return pair.rank == 0 || (pair.rank == 1 && pair.x_stride[0] == 1 && pair.y_stride[0] == 1);
}

std::optional<Transpose> as_transpose(const StridedPair& pair) noexcept {
  if (pair.rank != 2 && pair.rank != 3) return std::nullopt;
  const int outer = pair.rank - 2, inner = pair.rank - 1;  // y's rows and columns: x's columns and rows
  const Transpose turn{
      .matrices = pair.rank == 3 ? pair.size[0] : 1, .rows = pair.size[inner], .columns = pair.size[outer]};
  const bool x_dense = pair.x_stride[outer] == 1 && pair.x_stride[inner] == turn.columns;
  const bool y_dense = pair.y_stride[inner] == 1 && pair.y_stride[outer] == turn.rows;
  const std::int64_t matrix = turn.rows * turn.columns;
  const bool stacked = pair.rank == 2 || (pair.x_stride[0] == matrix && pair.y_stride[0] == matrix);
  if (!x_dense || !y_dense || !stacked) return std::nullopt;
  return turn;
}

}  // namespace athanor::kernels::cuda
