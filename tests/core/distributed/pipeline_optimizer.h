// The step of one rank of a pipeline that takes it by itself, in STEP: one optimizer for all its stages, with the bits
// of one process that has the whole model.
#pragma once

#include "core/distributed/model_norm.h"

#include <vector>

namespace athanor::distributed {

class PipelineOptimizer {
 public:
  // As ModelNorm, over all ranks of the pipeline; `mine` are those of this rank's stages, of which there are `stages`,
  // and of `optimizer`.
  PipelineOptimizer(Context& context, comm::Communicator& pipeline, optim::Optimizer& optimizer,
                    const std::vector<optim::ParameterSize>& model, const std::vector<Parameter>& mine, int stages)
      : context_(context),
        optimizer_(optimizer),
        norm_({&pipeline}, optimizer, model, {mine.begin(), mine.end()}),
        stages_(stages) {}

  // Of the next step; the same on every rank.
  void set_options(const optim::StepOptions& options) { options_ = options; }
  // Said by each stage of this rank in its STEP. The last of them takes the step, for which all ranks wait for one
  // another, and clears the gradients.
  void arrive();
  // Of the step that has been; the same on every rank.
  [[nodiscard]] const optim::StepReport& report() const noexcept { return report_; }

 private:
  Context& context_;
  optim::Optimizer& optimizer_;
  ModelNorm norm_;
  optim::StepOptions options_;
  optim::StepReport report_;
  int stages_, arrived_ = 0;
};

}  // namespace athanor::distributed
