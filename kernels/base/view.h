// A view names memory it does not own: pointer, element type, shape and strides (in elements, outermost first).
// Kernels take views and nothing else; a null data pointer means "this optional argument is absent".
#pragma once

#include "kernels/base/dtype.h"
#include "kernels/base/shape.h"

namespace athanor {

[[nodiscard]] constexpr Shape contiguous_strides(const Shape& shape) noexcept {
  Shape strides = shape;
  std::int64_t step = 1;
  for (int dim = shape.rank() - 1; dim >= 0; --dim) {
    strides[dim] = step;
    step *= shape[dim];
  }
  return strides;
}

struct View {
  void* data = nullptr;
  DType dtype = DType::f32;
  Shape shape;
  Shape strides;

  View() = default;
  View(void* memory, DType type, const Shape& dims)
      : data(memory), dtype(type), shape(dims), strides(contiguous_strides(dims)) {}
  View(void* memory, DType type, const Shape& dims, const Shape& steps)
      : data(memory), dtype(type), shape(dims), strides(steps) {}

  template <class T>
  [[nodiscard]] T* as() const noexcept {
    return static_cast<T*>(data);
  }
  [[nodiscard]] bool present() const noexcept { return data != nullptr; }
  [[nodiscard]] std::int64_t numel() const noexcept { return shape.numel(); }
  [[nodiscard]] std::int64_t dim(int i) const noexcept { return shape.dim(i); }
  [[nodiscard]] bool contiguous() const noexcept {
    std::int64_t step = 1;
    for (int i = shape.rank() - 1; i >= 0; --i) {
      if (shape[i] != 1 && strides[i] != step) return false;
      step *= shape[i];
    }
    return true;
  }
};

}  // namespace athanor
