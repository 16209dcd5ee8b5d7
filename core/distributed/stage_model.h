// A stage of a model on the tape: its layers, differentiated whole (B) or in halves (I and W).
//
// The gradient of a parameter is the sum over micro-batches in the order of core/train/gradient_sum.h, whatever the
// schedule: each micro-batch's gradients are kept apart until they are complete and its turn has come. A schedule in
// which micro-batches do not go backward in order would keep more of them than it has to; order_micro_batches()
// (core/parallel/passes.h) puts it right, which costs no time. A first stage of which nothing learns has no backward
// pass.
#pragma once

#include "core/autograd/deferred_gradients.h"
#include "core/autograd/input_leaf.h"
#include "core/autograd/variable.h"
#include "core/distributed/stage_work.h"
#include "core/distributed/stream_forms.h"
#include "core/models/chain.h"
#include "core/tensor/context.h"
#include "core/train/gradient_sum.h"

#include <functional>
#include <optional>
#include <vector>

namespace athanor::distributed {

struct StageParts {
  // In order. Streams begin absent in the first stage, whose first layer has its own input.
  std::vector<std::function<void(Context&, int micro_batch, models::Streams&)>> layers;
  std::vector<Parameter> parameters;  // of all layers
  // Between stages, by micro-batch; there is no input of the first.
  std::function<StreamForms(int micro_batch)> input, output;
  // Of the last stage, one of the two. The loss [1] of a micro-batch, from whose `seed` times its gradients go back:
  std::function<Variable(Context&, const models::Streams& output, int micro_batch)> loss;
  float seed = 1.0f;  // such as 1 / micro-batches
  // or the gradients of what the streams have come to, known before the backward pass.
  std::function<std::vector<Tensor>(int micro_batch)> output_gradients;
  std::function<void()> step;  // see StageWork
  std::function<void()> reduce_gradients;
};

class StageModel final : public StageWork {
 public:
  // The context is the rank's own and outlives it; several stages may share it.
  StageModel(Context& context, StageParts parts, int micro_batches);

  // Before a step.
  void begin_step();
  [[nodiscard]] const std::vector<Parameter>& parameters() const noexcept { return parts_.parameters; }
  // Puts the sums of the step that has been into the parameters' gradients: a part of step(), for who does without.
  void finish_gradients() { sum_.finish(context_, parts_.parameters); }
  // Of the step that has been, by micro-batch; empty where the stage has no loss.
  [[nodiscard]] std::vector<float> losses() const;
  // A forward pass that records nothing, from the values of the streams, by stream.
  [[nodiscard]] models::Streams features(int micro_batch, const std::vector<Tensor>& input);

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
    std::vector<std::optional<InputLeaf>> inputs;  // by stream
    models::Streams outputs;
    Variable loss;
    std::vector<Tensor> passed_on;             // gradients of streams that no layer here touches
    std::vector<DeferredGradients> later;      // what I has left
    std::vector<Tensor> gradients;             // found so far, by parameter
    std::vector<std::vector<Deferral*>> owed;  // to each parameter
    bool is_complete = false;
  };
  // A value to go back from, and the gradient with respect to it; of the loss there is none.
  struct Root {
    Variable value;
    Tensor gradient;
  };

  [[nodiscard]] bool is_first() const noexcept { return !parts_.input; }
  void run_layers(int micro_batch, models::Streams& streams);
  // Where to begin a backward pass from, in its turn.
  [[nodiscard]] std::vector<Root> take_roots(int micro_batch, const Tensor& output_gradient);
  [[nodiscard]] Tensor take_input_gradient(int micro_batch);
  void complete(int micro_batch);
  [[nodiscard]] Pass& pass(int micro_batch) { return passes_[static_cast<std::size_t>(micro_batch)]; }

  Context& context_;
  StageParts parts_;
  std::vector<Pass> passes_;    // by micro-batch
  std::vector<Tensor> losses_;  // by micro-batch
  train::GradientSum sum_;
  int turn_ = 0, sum_turn_ = 0;  // the micro-batches that go backward and are added next
};

}  // namespace athanor::distributed
