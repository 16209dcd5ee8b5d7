// One agent, or one rebuilding, per home at a time.
#pragma once

#include "core/agent/descriptor.h"
#include "core/agent/protocol.h"

#include <string>

namespace athanor::agent {

// Held as long as the process lives, however it ends. Makes the home. Throws Failure: io, or unavailable when another
// process serves this home, which `intention` is then refused for.
[[nodiscard]] Descriptor take_lock(const Places& places, const std::string& intention);

// Throws write_refusal() of errno `reason`.
[[noreturn]] void refuse_home(const Places& places, int reason);

}  // namespace athanor::agent
