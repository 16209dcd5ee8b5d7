// The numbers of a contiguous tensor where ranks can exchange them: in place on the CPU, and on GPUs where the ranks
// have met there; a copy on the host that is written back otherwise.
#pragma once

#include "core/comm/communicator.h"
#include "core/tensor/context.h"
#include "kernels/base/error.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace athanor::distributed {

// Whether ranks exchange what lies on the context's device without the host.
[[nodiscard]] inline bool is_on_gpus(const Context& context, const comm::Communicator& ranks) noexcept {
  return context.device().kind == DeviceKind::cuda && ranks.is_on_gpus();
}

class RankNumbers {
 public:
  // `ranks` are null for numbers that are used on the host.
  RankNumbers(Context& context, const Tensor& tensor, const comm::Communicator* ranks = nullptr)
      : context_(context),
        tensor_(tensor),
        is_copied_(context.device().kind != DeviceKind::cpu && !context.dry() &&
                   !(ranks != nullptr && is_on_gpus(context, *ranks))) {
    if (!tensor.contiguous())
      throw Failure(ErrorKind::internal, "exchange numbers between ranks", "they do not lie side by side");
    if (!is_copied_) return;
    copy_.resize(tensor.bytes());
    context.stream().copy(copy_.data(), tensor.view().data, copy_.size());
  }

  // For a call of the ranks, which after() has told what was queued before.
  [[nodiscard]] View view() { return {data(), tensor_.dtype(), Shape{tensor_.numel()}}; }
  // The same where only bytes count.
  [[nodiscard]] View bytes() { return {data(), DType::u8, Shape{static_cast<std::int64_t>(tensor_.bytes())}}; }
  // Only on the host, of the tensor's own type.
  template <class T>
  [[nodiscard]] std::span<T> span() {
    if (tensor_.dtype() != Tensor::dtype_of<T>())
      throw Failure(ErrorKind::internal, "exchange numbers between ranks",
                    std::string("they are ") + to_string(tensor_.dtype()));
    return {static_cast<T*>(data()), static_cast<std::size_t>(tensor_.numel())};
  }
  void write_back() {
    tensor_.count_change();
    if (is_copied_) context_.stream().copy(tensor_.view().data, copy_.data(), copy_.size());
  }

 private:
  [[nodiscard]] void* data() { return is_copied_ ? copy_.data() : tensor_.view().data; }

  Context& context_;
  Tensor tensor_;
  bool is_copied_;
  std::vector<std::byte> copy_;
};

}  // namespace athanor::distributed
