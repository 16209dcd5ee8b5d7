// What a run has learnt so far, from rank 0 to all others: they need no checkpoint of their own to begin from.
#pragma once

#include "core/comm/communicator.h"
#include "core/optim/optimizer.h"
#include "core/tensor/context.h"

#include <cstdint>
#include <string>
#include <vector>

namespace athanor::distributed {

struct SharedState {
  std::int64_t done = 0;  // steps
  std::string precision;  // JSON of the number formats' state; empty where there is none
};

// Rank 0 gives, all others receive with the same bits: `state`, the parameters, and the optimizer's state and count of
// steps. All ranks hold the same arrays.
void share_state(Context& context, comm::Communicator& ranks, const std::vector<Parameter>& parameters,
                 optim::Optimizer& optimizer, SharedState& state);

}  // namespace athanor::distributed
