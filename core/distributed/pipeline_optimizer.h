// The step of one rank of a pipeline: one optimizer for all its stages, which clips and refuses by the gradients of the
// whole model, with the bits of one process that has all of them.
#pragma once

#include "core/comm/communicator.h"
#include "core/optim/optimizer.h"
#include "core/optim/square_sums.h"

#include <vector>

namespace athanor::distributed {

class PipelineOptimizer {
 public:
  // `model` names all parameters that learn, in the model's order; `mine` are those of this rank's stages, of which
  // there are `stages`, and of `optimizer`. Context, communicator (of all ranks of the pipeline) and optimizer outlive
  // it.
  PipelineOptimizer(Context& context, comm::Communicator& pipeline, optim::Optimizer& optimizer,
                    const std::vector<optim::ParameterSize>& model, std::vector<Parameter> mine, int stages);
  ~PipelineOptimizer() { optimizer_.set_sum_squares({}); }
  PipelineOptimizer(const PipelineOptimizer&) = delete;
  PipelineOptimizer& operator=(const PipelineOptimizer&) = delete;

  // Of the next step; the same on every rank.
  void set_options(const optim::StepOptions& options) { options_ = options; }
  // Said by each stage of this rank in its STEP. The last of them takes the step, for which all ranks wait for one
  // another, and clears the gradients.
  void arrive();
  // Of the step that has been; the same on every rank.
  [[nodiscard]] const optim::StepReport& report() const noexcept { return report_; }

 private:
  [[nodiscard]] ops::SquareSum sum_squares();

  Context& context_;
  comm::Communicator& pipeline_;
  optim::Optimizer& optimizer_;
  std::vector<Parameter> mine_;
  optim::SquareSums sums_;
  optim::StepOptions options_;
  optim::StepReport report_;
  int stages_, arrived_ = 0;
};

}  // namespace athanor::distributed
