// The checkpoints that a run can be forked at: those it still goes by and its folder still holds. Pure but for the look
// at the disk; any thread.
#pragma once

#include "core/store/reader.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace athanor::app {

// The step and the folder of a checkpoint, relative to its run.
using Checkpoint = std::pair<std::int64_t, std::string>;

// Those that the events name.
void add_checkpoints(std::vector<Checkpoint>& out, const std::vector<store::Occurrence>& occurrences);
// Steps of those that are there, ascending.
[[nodiscard]] std::vector<std::int64_t> steps_held(const std::filesystem::path& run,
                                                   const std::vector<Checkpoint>& checkpoints);
// Of a run as the history knows it now.
[[nodiscard]] Result<std::vector<std::int64_t>> fork_steps(store::Reader& reader, store::RunId run);

// The one that is nearest to `step`, the earlier of two; nothing where there is none.
[[nodiscard]] std::optional<std::int64_t> nearest_step(const std::vector<std::int64_t>& steps, std::int64_t step);

}  // namespace athanor::app
