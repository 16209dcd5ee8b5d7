// Whom runs went on from, and who went on from them. Pure; GUI thread.
#pragma once

#include "app/stores/run_store.h"
#include "core/store/types.h"

#include <vector>

namespace athanor::app {

// These runs with all they went on from and all that went on from those, in the order of the store; runs that stand
// alone as well.
[[nodiscard]] std::vector<store::RunId> family_of(const RunStore& runs, const std::vector<store::RunId>& of);

}  // namespace athanor::app
