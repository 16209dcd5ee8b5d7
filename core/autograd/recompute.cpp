#include "core/autograd/recompute.h"

#include "core/autograd/node.h"
#include "kernels/base/error.h"

#include <utility>
#include <vector>

namespace athanor {

namespace {

// What of a context decides what a part computes.
struct Mode {
  bool training;
  std::uint32_t step;
  Tensor step_on_device;
  BatchRows rows;

  explicit Mode(const Context& context)
      : training(context.training()),
        step(context.step()),
        step_on_device(context.step_on_device()),
        rows(context.batch_rows()) {}
  void apply(Context& context) const {
    context.set_training(training);
    context.set_step(step);
    context.set_step_on_device(step_on_device);
    context.set_batch_rows(rows);
  }
};

// Records in another mode while it lives.
class RecordingAgain {
 public:
  RecordingAgain(Context& context, const Mode& mode)
      : context_(context), before_(context), recorded_(context.recording()) {
    mode.apply(context_);
    context_.set_recording(true);
  }
  ~RecordingAgain() {
    before_.apply(context_);
    context_.set_recording(recorded_);
  }
  RecordingAgain(const RecordingAgain&) = delete;
  RecordingAgain& operator=(const RecordingAgain&) = delete;

 private:
  Context& context_;
  Mode before_;
  bool recorded_;
};

struct SavedPart {
  Part part;
  std::vector<SavedTensor> inputs;
  Mode mode;
  Shape shape;
};

Variable run_again(BackwardCall& call, const SavedPart& saved) {
  const RecordingAgain scope(call.context(), saved.mode);
  Variable output = saved.part(call.context(), call.inputs_again(saved.inputs));
  if (output.shape() != saved.shape)
    throw Failure(ErrorKind::internal, "recompute a part of the model",
                  "it gave the shape " + to_string(output.shape()) + ", at first " + to_string(saved.shape),
                  "A part may depend only on its inputs, on parameters and on tensors that do not change");
  return output;
}

// Inputs of the node: those of the part.
void recompute_grad(BackwardCall& call, const SavedPart& saved) {
  const std::uint64_t first = call.context().next_sequence();
  call.continue_through(run_again(call, saved), first);
}

Tensor run_unrecorded(Context& context, std::span<const Variable> inputs, const Part& part) {
  const NoGradient scope(context);
  return part(context, inputs).value();
}

}  // namespace

Variable recompute(Context& context, std::span<const Variable> inputs, Part part) {
  Tensor output = run_unrecorded(context, inputs, part);
  if (!context.recording()) return output;
  SavedPart saved{.part = std::move(part), .inputs = {}, .mode = Mode(context), .shape = output.shape()};
  std::vector<Edge> edges;
  for (const Variable& input : inputs) {
    saved.inputs.push_back(save(context, input));
    edges.push_back(input.edge());
  }
  GradientFunction gradient = [saved = std::move(saved)](BackwardCall& call) { recompute_grad(call, saved); };
  return {std::move(output), std::make_shared<Node>("recompute", context.next_sequence(), std::move(edges),
                                                    std::move(gradient), /*recomputes=*/true)};
}

}  // namespace athanor
