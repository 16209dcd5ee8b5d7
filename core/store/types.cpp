#include "core/store/types.h"

namespace athanor::store {

const char* to_string(RunStatus status) noexcept {
  switch (status) {
    case RunStatus::queued: return "queued";
    case RunStatus::starting: return "starting";
    case RunStatus::running: return "running";
    case RunStatus::stopping: return "stopping";
    case RunStatus::finished: return "finished";
    case RunStatus::stopped: return "stopped";
    case RunStatus::failed: return "failed";
    case RunStatus::broken: return "broken";
  }
  return "unknown";
}

bool is_live(RunStatus status) noexcept { return status <= RunStatus::stopping; }

}  // namespace athanor::store
