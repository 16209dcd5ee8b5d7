// Where kernels for GPUs were not built, athanor-run computes on the CPU.
#include "core/agent/machine.h"

namespace athanor::agent {

std::vector<std::string> usable_gpus() { return {}; }

}  // namespace athanor::agent
