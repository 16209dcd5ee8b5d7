// The channels of a schedule: who sends to whom, what, in which order, and how many buffers that takes. Pure functions
// of a schedule that `validate` finds nothing wrong with.
#pragma once

#include "core/parallel/schedule.h"

#include <map>
#include <utility>
#include <vector>

namespace athanor::distributed {

using Channel = std::pair<int, int>;  // from a rank, to a rank

// The sends of each channel, in order.
[[nodiscard]] std::map<Channel, std::vector<parallel::Op>> channels_of(const parallel::Schedule& schedule);

inline constexpr int kDoubleBuffered = 2;

// The fewest buffers, at least kDoubleBuffered, that each end of every channel needs so that the schedule comes to its
// end although a send waits where none is free: so many messages wait to be sent, and so many receives are posted
// beyond those that the receiver's list has come to.
[[nodiscard]] int buffers_needed(const parallel::Schedule& schedule);

}  // namespace athanor::distributed
