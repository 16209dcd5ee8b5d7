// Reading and writing whole files so that a crash or a full disk never leaves half of one under its final name.
// Errors are ErrorKind::io and carry the path and the operating system's reason.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace athanor {

[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path);

// Writes `bytes` to `path` and flushes it to the disk; the folder must exist. Not atomic by itself.
[[nodiscard]] Result<void> write_file_flushed(const std::filesystem::path& path, std::string_view bytes);

// Writes beside `path`, flushes, renames over it and flushes the folder: readers see the old file or the new one.
[[nodiscard]] Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

// Flushes the entries of a folder, so that files created in it or renamed into it survive a power cut.
[[nodiscard]] Result<void> flush_folder(const std::filesystem::path& folder);

// Puts the finished folder `fresh` in the place of `target`, which may exist; both on one file system. What stood there
// before is removed only after the new folder has its name.
[[nodiscard]] Result<void> replace_folder(const std::filesystem::path& fresh, const std::filesystem::path& target);

}  // namespace athanor
