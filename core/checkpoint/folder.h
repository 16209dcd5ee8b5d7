// How a checkpoint gets into the folder of a run's checkpoints: beside it first, then whole and under its name. Private
// to core/checkpoint.
#pragma once

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/manifest.h"

#include <filesystem>

namespace athanor::checkpoint {

// Where the files of a checkpoint lie until it is complete.
[[nodiscard]] std::filesystem::path aside_of(const std::filesystem::path& folder, std::int64_t step);
// Makes that folder to write the files into; what writers that died left behind is removed. Errors: io.
[[nodiscard]] Result<std::filesystem::path> begin_checkpoint(const std::filesystem::path& folder, std::int64_t step);

// Writes state.json and notes it in the manifest.
[[nodiscard]] Result<void> write_state(const std::filesystem::path& aside, const TrainingState& state,
                                       Manifest& manifest);

// Once all files lie in `aside`, flushed: writes COMPLETE, gives the folder its name and removes what is too old. On an
// error `aside` is gone.
[[nodiscard]] Result<Written> complete_checkpoint(const std::filesystem::path& aside, const Manifest& manifest,
                                                  std::int64_t keep);
void give_up_checkpoint(const std::filesystem::path& aside);

}  // namespace athanor::checkpoint
