// The others that train the same model on other rows of the same batches. The loop and the step speak to them through
// this interface alone; what carries it is core/distributed's. All replicas make the same calls in the same order.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace athanor::train {

// What exchanging has cost this replica so far.
struct Exchanged {
  std::int64_t sent_bytes = 0;  // scales and frames included
  double waited_s = 0;          // in which it did nothing else
};

class Replicas {
 public:
  virtual ~Replicas() = default;

  [[nodiscard]] virtual int count() const = 0;
  [[nodiscard]] virtual int index() const = 0;  // 0 leads: it evaluates, saves and tells
  // `whole` [rows of the batch, ...] is contiguous and holds this replica's rows, which are as many as anybody's: fills
  // in those of the others.
  virtual void gather(Context& context, const Tensor& whole) = 0;
  // Each gradient becomes the sum over all replicas, in the order of core/comm/combine.h: with the same bits on all.
  virtual void sum_gradients(Context& context, std::span<const Parameter> parameters) = 0;
  [[nodiscard]] virtual Exchanged exchanged() const = 0;
  // Whether it holds for any of them.
  [[nodiscard]] virtual bool any(bool holds) = 0;
  // What this one is at from now on, for the others to read when it does not come.
  virtual void at(std::string_view section) noexcept = 0;
  // Returns once all have come, however long one of them works alone before.
  virtual void meet() = 0;
};

}  // namespace athanor::train
