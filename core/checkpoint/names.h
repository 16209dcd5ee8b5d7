// Folder names of checkpoints.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace athanor::checkpoint {

[[nodiscard]] std::string folder_name(std::int64_t step);                         // "step-400"
[[nodiscard]] std::optional<std::int64_t> step_of(std::string_view folder_name);  // nothing for any other name

}  // namespace athanor::checkpoint
