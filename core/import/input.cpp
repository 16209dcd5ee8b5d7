#include "core/import/input.h"

#include "core/base/result.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace athanor::imports {
namespace {

constexpr std::size_t kPiece = 1U << 20;

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& cause) {
  throw Failure(ErrorKind::io, "read " + file.string(), cause);
}

}  // namespace

// Not waiting: a pipe that nobody writes would hold the program for ever.
Input::Input(const std::filesystem::path& file)
    : file_(file), fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  struct stat info {};
  if (fd_ < 0) refuse(file, std::strerror(errno));
  if (::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd_);
    refuse(file, "it is no plain file");
  }
  size_ = info.st_size;
}

Input::~Input() { ::close(fd_); }

void Input::seek(std::int64_t offset) {
  offset_ = std::clamp<std::int64_t>(offset, 0, size_);
  buffer_.clear();
  at_ = 0;
}

void Input::end_at(std::int64_t end) { size_ = std::clamp<std::int64_t>(end, offset_, size_); }

std::string_view Input::peek(std::size_t bytes) {
  const auto wanted = std::min(bytes, static_cast<std::size_t>(left()));
  if (buffer_.size() - at_ < wanted) {
    buffer_.erase(0, at_);
    at_ = 0;
    while (buffer_.size() < wanted) {
      const std::size_t had = buffer_.size();
      const std::size_t room = std::min(std::max(kPiece, wanted - had), static_cast<std::size_t>(left()) - had);
      buffer_.resize(had + room);
      const ssize_t got = ::pread(fd_, buffer_.data() + had, room, offset_ + static_cast<std::int64_t>(had));
      buffer_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) refuse(file_, std::strerror(errno));
      if (got == 0) size_ = offset_ + static_cast<std::int64_t>(had);  // it became shorter meanwhile
      if (got == 0) break;
    }
  }
  return std::string_view(buffer_).substr(at_, bytes);
}

void Input::skip(std::int64_t bytes) {
  const std::int64_t done = std::clamp<std::int64_t>(bytes, 0, left());
  const auto held = static_cast<std::int64_t>(buffer_.size() - at_);
  offset_ += done;
  if (done <= held) {
    at_ += static_cast<std::size_t>(done);
  } else {
    buffer_.clear();
    at_ = 0;
  }
}

std::optional<std::string> Input::line() {
  if (left() == 0) return std::nullopt;
  std::string line;
  bool is_whole = false;
  while (!is_whole && left() > 0) {
    const std::string_view piece = peek(4096);
    if (piece.empty()) break;
    const std::size_t end = piece.find('\n');
    is_whole = end != std::string_view::npos;
    line += piece.substr(0, std::min(end, kLongestLine - std::min(kLongestLine, line.size())));
    skip(static_cast<std::int64_t>(is_whole ? end + 1 : piece.size()));
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::int64_t changed_ns(const std::filesystem::path& file) {
  std::error_code code;
  const auto time = std::filesystem::last_write_time(file, code);
  if (code) return 0;
  const auto since = std::chrono::file_clock::to_sys(time).time_since_epoch();
  return std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

}  // namespace athanor::imports
