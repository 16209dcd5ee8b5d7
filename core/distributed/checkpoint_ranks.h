// How ranks talk to each other about a checkpoint, over a communicator.
#pragma once

#include "core/checkpoint/shards.h"
#include "core/comm/communicator.h"

namespace athanor::distributed {

// `ranks` outlives it and is used by nothing else meanwhile. Its Failures become errors.
[[nodiscard]] checkpoint::Ranks checkpoint_ranks(comm::Communicator& ranks);

}  // namespace athanor::distributed
