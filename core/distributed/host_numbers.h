// The numbers of a contiguous tensor where ranks can exchange them: in place on the CPU, a copy that is written back
// otherwise.
#pragma once

#include "core/tensor/context.h"

#include <vector>

namespace athanor::distributed {

template <class T>
class HostNumbers {
 public:
  HostNumbers(Context& context, const Tensor& tensor) : context_(context), tensor_(tensor) {
    if (!is_here()) copy_ = context.read<T>(tensor);
  }
  [[nodiscard]] std::span<T> span() { return is_here() ? tensor_.host<T>() : std::span<T>(copy_); }
  void write_back() {
    tensor_.count_change();
    if (!is_here()) context_.copy(context_.upload(std::span<const T>(copy_), tensor_.shape()), tensor_);
  }

 private:
  [[nodiscard]] bool is_here() const { return tensor_.device().kind == DeviceKind::cpu; }
  Context& context_;
  Tensor tensor_;
  std::vector<T> copy_;
};

}  // namespace athanor::distributed
