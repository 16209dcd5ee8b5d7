// A run of another tracker as a run directory: journal, recipe and imported.json. The same source gives the same bytes.
#pragma once

#include "core/import/imported.h"
#include "core/import/source.h"

#include <filesystem>
#include <stop_token>

namespace athanor::imports {

// Writes the files into `folder`, which is made. Errors: what reading and writing say; cancelled. What is in the folder
// then is of no use.
[[nodiscard]] Result<Imported> write_run_folder(const Source& source, const std::filesystem::path& folder,
                                                const std::stop_token& stop = {});

}  // namespace athanor::imports
