#include "core/agent/machine.h"

#include "core/observe/process.h"

#include <algorithm>

namespace athanor::agent {

Machine this_machine() { return {observe::machine().cores, usable_gpus()}; }

Room room_of(const Machine& machine, const store::QueueSettings& settings) {
  const int gpus = static_cast<int>(machine.gpus.size());
  return {std::max(1, settings.cores.value_or(machine.cores)), std::clamp(settings.gpus.value_or(gpus), 0, gpus),
          std::max(1, settings.slots.value_or(kAnySlots))};
}

}  // namespace athanor::agent
