// A file that is read at given places. Private to core/checkpoint.
#pragma once

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>
#include <utility>

namespace athanor::checkpoint {

// Errors are in errno; ENODATA where the file ends before.
[[nodiscard]] inline bool read_fully(int descriptor, void* target, std::int64_t bytes, std::int64_t offset) {
  auto* cursor = static_cast<char*>(target);
  while (bytes > 0) {
    const ssize_t got = ::pread(descriptor, cursor, static_cast<std::size_t>(bytes), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = ENODATA;
    if (got <= 0) return false;
    cursor += got;
    bytes -= got;
    offset += got;
  }
  return true;
}

class PositionedFile {
 public:
  explicit PositionedFile(const std::filesystem::path& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~PositionedFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  PositionedFile(const PositionedFile&) = delete;
  PositionedFile& operator=(const PositionedFile&) = delete;

  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] bool read(void* target, std::int64_t bytes, std::int64_t offset) const {
    return read_fully(descriptor_, target, bytes, offset);
  }

 private:
  int descriptor_;
};

}  // namespace athanor::checkpoint
