// What coding of gradients has taken away, between the folder in memory where each rank keeps its own
// (core/comm/residual_store.h) and a checkpoint. It belongs to one rank and to the number of ranks it was made with;
// others begin anew.
#pragma once

#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/shards.h"
#include "core/comm/residual_store.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace athanor::runner {

// How the files of a rank begin.
[[nodiscard]] std::filesystem::path residual_files(const std::filesystem::path& folder, int rank);

// For a checkpoint that one rank writes for all, which wait meanwhile: what all had kept after `step` steps.
[[nodiscard]] std::vector<checkpoint::Array> read_residuals(const std::filesystem::path& folder, int ranks,
                                                            std::int64_t step);
// For one that each rank writes its part of.
[[nodiscard]] std::vector<checkpoint::Piece> residual_pieces(const comm::Residuals& residuals, int rank, int ranks);

// Before any rank looks for its own: puts there what the ranks from `first` on, so many of `ranks`, had kept when the
// checkpoint of `step` was written. Whether it holds that of all of them; otherwise they begin anew. Errors: as
// checkpoint::Reader has them.
[[nodiscard]] Result<bool> bring_residuals(const std::filesystem::path& checkpoint, const std::filesystem::path& folder,
                                           int first, int count, int ranks, std::int64_t step);

}  // namespace athanor::runner
