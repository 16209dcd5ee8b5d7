// A value for every op that a schedule could hold, found in constant time. Internal to core/parallel.
#pragma once

#include "core/parallel/schedule.h"

#include <vector>

namespace athanor::parallel::detail {

template <class Value>
class OpTable {
 public:
  OpTable(int stages, int micro_batches, Value empty)
      : micro_batches_(static_cast<std::size_t>(micro_batches)),
        per_kind_(static_cast<std::size_t>(stages) * micro_batches_),
        values_(per_kind_ * kOpKindCount, empty) {}

  // The op's stage and micro-batch exist; ops of a whole stage share the place of micro-batch 0.
  [[nodiscard]] Value& operator[](const Op& op) noexcept { return values_[index(op)]; }
  [[nodiscard]] const Value& operator[](const Op& op) const noexcept { return values_[index(op)]; }

 private:
  [[nodiscard]] std::size_t index(const Op& op) const noexcept {
    const auto micro_batch = static_cast<std::size_t>(op.micro_batch < 0 ? 0 : op.micro_batch);
    return static_cast<std::size_t>(op.kind) * per_kind_ + static_cast<std::size_t>(op.stage) * micro_batches_ +
           micro_batch;
  }

  std::size_t micro_batches_, per_kind_;
  std::vector<Value> values_;
};

}  // namespace athanor::parallel::detail
