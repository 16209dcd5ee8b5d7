// The numbers of a contiguous tensor where ranks can exchange them: in place on the CPU, and on GPUs where the ranks
// have met there; a copy on the host that is written back otherwise.
#pragma once

#include "core/comm/communicator.h"
#include "core/tensor/context.h"

#include <cstdint>
#include <span>
#include <vector>

namespace athanor::distributed {

// Whether ranks exchange what lies on the context's device without the host.
[[nodiscard]] inline bool is_on_gpus(const Context& context, const comm::Communicator& ranks) noexcept {
  return context.device().kind == DeviceKind::cuda && ranks.is_on_gpus();
}

template <class T>
class RankNumbers {
 public:
  // `ranks` are null for numbers that are used on the host.
  RankNumbers(Context& context, const Tensor& tensor, const comm::Communicator* ranks = nullptr)
      : context_(context),
        tensor_(tensor),
        is_copied_(context.device().kind != DeviceKind::cpu && !context.dry() &&
                   !(ranks != nullptr && is_on_gpus(context, *ranks))) {
    if (is_copied_) copy_ = context.read<T>(tensor);
  }

  // For a call of the ranks, which after() has told what was queued before.
  [[nodiscard]] View view() { return {numbers(), Tensor::dtype_of<T>(), Shape{tensor_.numel()}}; }
  // Only on the host.
  [[nodiscard]] std::span<T> span() { return {numbers(), static_cast<std::size_t>(tensor_.numel())}; }
  void write_back() {
    tensor_.count_change();
    if (is_copied_) context_.copy(context_.upload(std::span<const T>(copy_), tensor_.shape()), tensor_);
  }

 private:
  [[nodiscard]] T* numbers() { return is_copied_ ? copy_.data() : tensor_.view().as<T>(); }

  Context& context_;
  Tensor tensor_;
  bool is_copied_;
  std::vector<T> copy_;
};

}  // namespace athanor::distributed
