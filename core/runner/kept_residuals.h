// What coding of gradients has taken away on all ranks, between the folder in memory where each keeps its own
// (core/comm/residual_store.h) and a checkpoint. It belongs to the number of ranks it was made with.
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace athanor::runner {

// How the files of a rank begin.
[[nodiscard]] std::filesystem::path residual_files(const std::filesystem::path& folder, int rank);
// Of all ranks, which wait meanwhile.
[[nodiscard]] std::vector<checkpoint::Array> read_residuals(const std::filesystem::path& folder, int ranks);
// Of a checkpoint; empty where it has none. Errors: as checkpoint::Reader has them.
[[nodiscard]] Result<std::vector<checkpoint::Array>> saved_residuals(const std::filesystem::path& checkpoint);
// Before any rank looks for its own. Whether these were made by as many ranks; otherwise nothing is written and
// all begin anew.
bool write_residuals(const std::filesystem::path& folder, int ranks, const std::vector<checkpoint::Array>& arrays,
                     std::int64_t step);

}  // namespace athanor::runner
