// Reading and writing whole files so that a crash or a full disk never leaves half of one under its final name.
// Errors carry the path and the operating system's reason; they are ErrorKind::io, but for write_refusal().
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace athanor {

// What the system's refusal to write means, by its errno: unavailable where this user or file system allows no writing
// there, which no second try cures, and io for all else, such as a full disk. With the remedy.
[[nodiscard]] Error write_refusal(std::string intention, int code);

// Makes a folder and those above it. Errors: as write_refusal(); unavailable also where nothing above it is a folder
// that can hold another.
[[nodiscard]] Result<void> make_folders(const std::filesystem::path& folder);

[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path);

// What the files in a folder and below it take, in bytes; 0 where there is none. What cannot be looked at is left out.
[[nodiscard]] std::int64_t folder_bytes(const std::filesystem::path& folder);

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
