// A home that was moved as a whole has its runs in another place than its history says.
#pragma once

#include "core/base/result.h"
#include "core/store/writer.h"

#include <filesystem>
#include <vector>

namespace athanor::agent {

// Each of `known` whose folder is gone, while `runs` holds one of the same name, is there from now on. A row that the
// folder got meanwhile goes when it holds nothing that is not in the journal; else nothing changes. `known` are all
// runs of the history, and become what they are now.
Result<void> follow_moved_home(store::Writer& writer, std::vector<store::Run>& known,
                               const std::filesystem::path& runs);

}  // namespace athanor::agent
