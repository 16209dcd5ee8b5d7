// Ranges of tensors, f32, side by side for one exchange between ranks: on the GPU where the ranks have met there,
// otherwise on the host. Used by one thread at a time.
#pragma once

#include "core/comm/communicator.h"
#include "core/tensor/context.h"

#include <cstdint>
#include <vector>

namespace athanor::distributed {

class PackedNumbers {
 public:
  // `room` is for `count` numbers on the host, and outlives it.
  PackedNumbers(Context& context, const comm::Communicator& ranks, std::int64_t count, std::vector<float>& room);

  // Numbers [first, first + count) of a contiguous tensor to the place `at` among the packed ones, and back, which no
  // tensor counts as a change. On a CPU from any thread.
  void put(const Tensor& tensor, std::int64_t first, std::int64_t count, std::int64_t at);
  void take(const Tensor& tensor, std::int64_t first, std::int64_t count, std::int64_t at) const;

  // For a call of the ranks, which after() has told what was queued before.
  [[nodiscard]] View view() const;

 private:
  Context& context_;
  std::int64_t count_;
  std::vector<float>& room_;
  Tensor packed_;  // on the GPU
};

}  // namespace athanor::distributed
