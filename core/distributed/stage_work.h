// What a stage of a pipeline does, as the runtime sees it: it knows in which order, the stage knows what is computed.
#pragma once

#include "core/tensor/tensor.h"

namespace athanor::distributed {

// Called by one thread, in the order of the rank's list. All tensors are contiguous and of one device. What was passed
// is not written to any more, by either side; it may be kept as long as it is needed. Whatever a call throws ends the
// run.
class StageWork {
 public:
  virtual ~StageWork() = default;

  // Memory that is filled with what comes from a stage on another rank, and then given to F, I or B: as many bytes as
  // that stage gives.
  [[nodiscard]] virtual Tensor make_input_space(int micro_batch) = 0;
  [[nodiscard]] virtual Tensor make_output_gradient_space(int micro_batch) = 0;

  // F: gives the output. `input` is absent in the first stage, which has its own; the last stage gives nothing, since
  // it computes the loss.
  [[nodiscard]] virtual Tensor forward(int micro_batch, const Tensor& input) = 0;
  // I: gives the gradient of the input; nothing in the first stage. `output_gradient` is absent in the last stage,
  // which begins with the loss.
  [[nodiscard]] virtual Tensor input_gradient(int micro_batch, const Tensor& output_gradient) = 0;
  // W: what I has left.
  virtual void weight_gradient(int micro_batch) = 0;
  // B: both at once.
  [[nodiscard]] virtual Tensor backward(int micro_batch, const Tensor& output_gradient) = 0;

  // REDUCE_GRAD: begins to add its gradients up over its replicas.
  virtual void reduce_gradients() {}
  // STEP: the optimizer's step on its parameters, after every micro-batch.
  virtual void step() = 0;
};

}  // namespace athanor::distributed
