// Building the history again from the run directories.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <string>
#include <vector>

namespace athanor::agent {

struct Rebuilt {
  int runs = 0;
  int left_out = 0;            // runs of the old history whose folders are gone
  std::filesystem::path kept;  // the old history, now under this name; empty when there was none
  // What could not be done, each a sentence: damaged metadata, journals that cannot be read.
  std::vector<std::string> failures;
};

// Numbers, names, tags, notes, the queue and what can be undone come from the old history, everything else from the
// journals. The old history is kept as history.db.before-rebuild-<time> and replaces an earlier such copy whose runs
// are all in the new one; where something was left out or failed, its name ends with -only-copy and no later rebuild
// removes it. Whatever the Error, the old history stays in its place as it was. ErrorKind::unavailable while an agent
// serves this home or when a newer version wrote the old history; io when the folder of the runs cannot be listed, or
// is missing while the old history has started runs.
Result<Rebuilt> rebuild(const std::filesystem::path& home);

}  // namespace athanor::agent
