// How a sweep and its trials stand, out of the history.
#pragma once

#include "core/agent/queue.h"
#include "core/base/result.h"
#include "core/store/reader.h"

#include <vector>

namespace athanor::agent {

[[nodiscard]] Result<std::vector<SweepView>> view_sweeps(store::Reader& reader);

}  // namespace athanor::agent
