// A stage of a model on the tape: its layers, differentiated whole (B) or in halves (I and W).
//
// The gradient of a parameter is the sum over micro-batches in their order, whatever the schedule: what W leaves for
// later is added in the order of the passes that left it (core/autograd/deferred_gradients.h), and the passes of a
// stage go in the order of micro-batches. A schedule in which they do not is put right by order_micro_batches()
// (core/parallel/passes.h), which costs no time. A first stage of which nothing learns has no backward pass.
#pragma once

#include "core/autograd/deferred_gradients.h"
#include "core/autograd/input_leaf.h"
#include "core/autograd/variable.h"
#include "core/distributed/stage_work.h"
#include "core/tensor/context.h"

#include <functional>
#include <optional>
#include <vector>

namespace athanor::distributed {

struct StageLayer {
  std::function<Variable(Context&, const Variable&)> forward;
  std::vector<Parameter> parameters;
};

// What one micro-batch is where it comes from another rank.
struct ArrayForm {
  Shape shape;
  DType dtype = DType::f32;
};

struct StageParts {
  std::vector<StageLayer> layers;
  ArrayForm input, output;  // between stages; that of the model's ends is not used
  // Of the first stage alone: the input of its first layer, without a gradient.
  std::function<Tensor(Context&, int micro_batch)> feed;
  // Of the last stage alone: the loss [1] from the output of its last layer.
  std::function<Variable(Context&, const Variable& output, int micro_batch)> loss;
  float seed = 1.0f;           // of the loss of each micro-batch, such as 1 / micro-batches
  std::function<void()> step;  // see StageWork
  std::function<void()> reduce_gradients;
};

class StageModel final : public StageWork {
 public:
  // The context is the rank's own, on the host, and outlives it; several stages may share it.
  StageModel(Context& context, StageParts parts, int micro_batches);

  // Before a step, counted from 0. What a layer drops is a function of the step and the micro-batch.
  void begin_step(std::int64_t step);
  // Those of all layers, in order.
  [[nodiscard]] std::vector<Parameter> parameters() const;
  // Of the step that has been, by micro-batch; empty where the stage is not the last.
  [[nodiscard]] std::vector<float> losses() const;

  [[nodiscard]] Tensor make_input_space(int micro_batch) override;
  [[nodiscard]] Tensor make_output_gradient_space(int micro_batch) override;
  [[nodiscard]] Tensor forward(int micro_batch, const Tensor& input) override;
  // Throw Failure(invalid_input) where an earlier micro-batch has not had its turn.
  [[nodiscard]] Tensor input_gradient(int micro_batch, const Tensor& output_gradient) override;
  [[nodiscard]] Tensor backward(int micro_batch, const Tensor& output_gradient) override;
  void weight_gradient(int micro_batch) override;
  void reduce_gradients() override;
  void step() override;

 private:
  // Of one micro-batch, from F to I or W.
  struct Pass {
    std::optional<InputLeaf> input;
    Variable output;
    std::optional<DeferredGradients> later;
  };

  // The output to begin a backward pass from, in its turn.
  [[nodiscard]] Variable take_output(int micro_batch);
  [[nodiscard]] Tensor take_input_gradient(int micro_batch);
  [[nodiscard]] Tensor contiguous(const Tensor& tensor);
  [[nodiscard]] Pass& pass(int micro_batch) { return passes_[static_cast<std::size_t>(micro_batch)]; }

  Context& context_;
  StageParts parts_;
  std::vector<Pass> passes_;    // by micro-batch
  std::vector<Tensor> losses_;  // by micro-batch
  std::int64_t step_ = 0;
  int turn_ = 0;  // the micro-batch that goes backward next
};

}  // namespace athanor::distributed
