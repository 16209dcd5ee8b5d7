#include "tests/core/distributed/pipeline_optimizer.h"

namespace athanor::distributed {

void PipelineOptimizer::arrive() {
  if (++arrived_ < stages_) return;
  arrived_ = 0;
  report_ = optimizer_.step(context_, options_);
  optimizer_.clear_gradients();
}

}  // namespace athanor::distributed
