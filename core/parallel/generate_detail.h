// What the generators share. Internal to core/parallel.
#pragma once

#include "core/parallel/schedule.h"

namespace athanor::parallel::detail {

// A schedule without ops; throws Failure where a number is below 1.
[[nodiscard]] Schedule empty_schedule(std::string name, Placement placement, int ranks, int chunks, int micro_batches);

}  // namespace athanor::parallel::detail
