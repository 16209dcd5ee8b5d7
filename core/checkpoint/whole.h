// Whether a checkpoint's files are those that its marker names. Private to core/checkpoint.
#pragma once

#include "core/checkpoint/manifest.h"

#include <filesystem>
#include <string>

namespace athanor::checkpoint {

// The reason why a checkpoint is not whole, as far as its marker and the sizes of its files tell; empty when it is.
[[nodiscard]] std::string judge(const std::filesystem::path& checkpoint, Manifest& out);
// The same as the digests in its marker tell.
[[nodiscard]] std::string judge_digests(const std::filesystem::path& checkpoint, const Manifest& manifest);

}  // namespace athanor::checkpoint
