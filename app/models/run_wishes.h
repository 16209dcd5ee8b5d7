// What may be done with a run now, judged once for every page: an empty text allows it, otherwise it says why not.
// Pure; GUI thread.
#pragma once

#include "core/store/types.h"

#include <QString>

namespace athanor::app {

[[nodiscard]] QString why_not_stop(const store::Run& run);
[[nodiscard]] QString why_not_resume(const store::Run& run);
// Resuming goes on from a checkpoint; a run that ended before its first step begins anew.
[[nodiscard]] bool resuming_starts_again(const store::Run& run);

}  // namespace athanor::app
