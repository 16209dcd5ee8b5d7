// A file from its beginning to its end, in pieces, as it was when it was opened: what is appended later is not seen,
// and a length that a file claims is held against what is left of it. Not for concurrent use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace athanor::imports {

class Input {
 public:
  // Throws Failure(io), also for what is no plain file.
  explicit Input(const std::filesystem::path& file);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  [[nodiscard]] std::int64_t size() const noexcept { return size_; }
  [[nodiscard]] std::int64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::int64_t left() const noexcept { return size_ - offset_; }
  // From here on; nothing behind `end` is read any more.
  void seek(std::int64_t offset);
  void end_at(std::int64_t end);

  // What comes next: `bytes` of it, fewer at the end. Valid until the next call. Throws Failure(io).
  [[nodiscard]] std::string_view peek(std::size_t bytes);
  void skip(std::int64_t bytes);
  // Up to the next line break, which is taken as well, with a carriage return before it; nothing at the end. Of a
  // longer line than kLongestLine the rest is passed over.
  [[nodiscard]] std::optional<std::string> line();
  static constexpr std::size_t kLongestLine = 1U << 20;

 private:
  std::filesystem::path file_;
  int fd_ = -1;
  std::int64_t size_ = 0, offset_ = 0;
  std::string buffer_;
  std::size_t at_ = 0;  // of what comes next in the buffer
};

// The last change of a file, Unix epoch; 0 where it cannot be told.
[[nodiscard]] std::int64_t changed_ns(const std::filesystem::path& file);

}  // namespace athanor::imports
