// The others that train the same model on other rows of the same batches. The step speaks to them through this
// interface alone; what carries it is core/distributed's. All replicas make the same calls in the same order.
#pragma once

#include "core/autograd/variable.h"
#include "core/ops/row_group.h"
#include "core/tensor/context.h"
#include "core/train/gradient_sum.h"
#include "core/train/pass.h"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace athanor::train {

class Replicas : public ops::RowGroup {
 public:
  [[nodiscard]] virtual int count() const = 0;
  [[nodiscard]] virtual int index() const = 0;
  // Which of a batch's micro-batches this one takes.
  [[nodiscard]] virtual MicroBatches own(std::int64_t micro_batches) const {
    return {micro_batches / count() * index(), micro_batches / count()};
  }
  // Whether sum_nodes() is to be called instead of complete() and sum_gradients().
  [[nodiscard]] virtual bool sums_nodes() const { return false; }
  // Its rows are those of its micro-batches.
  void gather(Context& context, const Tensor& whole) override = 0;
  // From now on it tells the spans of its sums, if it has any beside the thread that calls it.
  [[nodiscard]] virtual bool watch(const PassPorts&) { return false; }
  // In a backward pass: no more comes to this gradient, which may be on its way at once. Until sum_gradients() nobody
  // else uses it.
  virtual void complete(Context&, const Parameter&) {}
  // Each gradient becomes the sum over all replicas, in the order of core/comm/combine.h: with the same bits on all.
  // Where replicas share the optimizer's work, the sums go to where each takes its step, and the parameters are left
  // without a gradient.
  virtual void sum_gradients(Context& context, std::span<const Parameter> parameters) = 0;
  // The same from the nodes of own(): with the bits of one process that has all micro-batches, whatever the shares.
  virtual void sum_nodes(Context&, std::span<const Parameter>, std::vector<GradientSum::Node>) {}
  // The step after `done` steps was not taken: what its sums have left behind is forgotten.
  virtual void undo_step(std::int64_t) {}
  // Adds to the sums what every replica has alike, by parameter or absent.
  virtual void add_alike(Context& context, std::span<const Parameter> parameters, std::vector<Tensor> alike) {
    add_gradients(context, parameters, std::move(alike));
  }
};

}  // namespace athanor::train
