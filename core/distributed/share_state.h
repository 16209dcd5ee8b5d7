// What a run has learnt so far, from one rank to all others: they need no checkpoint of their own to begin from.
#pragma once

#include "core/comm/communicator.h"
#include "core/optim/optimizer.h"
#include "core/tensor/context.h"
#include "core/train/trainer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace athanor::distributed {

struct SharedState {
  train::Progress progress;
  std::string precision;  // JSON of the number formats' state; empty where there is none
  std::string figures;    // of the last step, as the journal has them (core/journal/codec.h); may be empty
};

inline constexpr std::int64_t kKnowsNothing = -1;
// The rank whose state all are to go on with, given how many steps each has done: the first where it knows its state,
// for it has told of every step it did; otherwise the first of those that are furthest. Nothing where nobody knows
// anything. A call that all make.
[[nodiscard]] std::optional<int> find_giver(comm::Communicator& ranks, std::int64_t done);

// `giver` gives, all others receive with the same bits: `state`, the parameters, and the optimizer's state and count of
// steps. All ranks hold the same arrays.
void share_state(Context& context, comm::Communicator& ranks, int giver, const std::vector<Parameter>& parameters,
                 optim::Optimizer& optimizer, SharedState& state);

}  // namespace athanor::distributed
