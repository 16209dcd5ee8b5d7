// The others that train the same model on other rows of the same batches. The step speaks to them through this
// interface alone; what carries it is core/distributed's. All replicas make the same calls in the same order.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"

#include <span>

namespace athanor::train {

class Replicas {
 public:
  virtual ~Replicas() = default;

  [[nodiscard]] virtual int count() const = 0;
  [[nodiscard]] virtual int index() const = 0;
  // `whole` [rows of the batch, ...] is contiguous and holds this replica's rows, which are as many as anybody's: fills
  // in those of the others.
  virtual void gather(Context& context, const Tensor& whole) = 0;
  // Each gradient becomes the sum over all replicas, in the order of core/comm/combine.h: with the same bits on all.
  virtual void sum_gradients(Context& context, std::span<const Parameter> parameters) = 0;
};

}  // namespace athanor::train
