// What the machine has, as far as this process may use it.
#pragma once

#include "core/agent/queue.h"

#include <string>
#include <vector>

namespace athanor::agent {

struct Machine {
  int cores = 1;
  std::vector<std::string> gpus;  // as CUDA_VISIBLE_DEVICES names them; none where this build computes on none
};
[[nodiscard]] Machine this_machine();

// So much of it the agent may use. It may be told of more cores than there are.
[[nodiscard]] Room room_of(const Machine& machine, const store::QueueSettings& settings);

// GPUs that runs of this build can use.
[[nodiscard]] std::vector<std::string> usable_gpus();

}  // namespace athanor::agent
