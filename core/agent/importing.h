// Runs of other trackers into the history: read by this process, written as run directories, handed to the agent.
#pragma once

#include "core/agent/client.h"
#include "core/import/imported.h"
#include "core/import/source.h"

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace athanor::agent {

struct ImportedRun {
  TakenIn taken;
  imports::Imported facts;
};

struct ImportReport {
  std::vector<ImportedRun> runs;
  std::vector<Error> failures;        // of single runs; the others are imported
  std::vector<std::string> left_out;  // sentences
};

// All runs at a path. Importing the same again changes nothing; a run whose source has grown gets what was added. When
// it returns, the history has all of them. Errors: what find_sources() says, communication, cancelled. Blocks; not on
// the GUI thread. `told` hears of each run, on this thread.
[[nodiscard]] Result<ImportReport> import_runs(Client& client, const std::filesystem::path& home,
                                               const std::filesystem::path& path, imports::Format format,
                                               const std::function<void(const ImportedRun&)>& told = {},
                                               const std::stop_token& stop = {});

}  // namespace athanor::agent
