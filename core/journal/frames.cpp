#include "core/journal/frames.h"

#include "core/base/crc32c.h"
#include "core/journal/codec.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace athanor::journal {
namespace {

constexpr std::size_t kPiece = 1U << 20;

std::uint32_t frame_crc(std::string_view payload, std::string_view header) {
  return crc32c(header.substr(3, 5), crc32c(payload));  // the type byte and the four length bytes
}

bool has_sync(std::string_view bytes) {
  return bytes.size() >= kSync.size() && std::memcmp(bytes.data(), kSync.data(), kSync.size()) == 0;
}

}  // namespace

std::string make_frame(FrameType type, std::string_view payload) {
  std::string frame;
  frame.reserve(kHeaderBytes + payload.size());
  frame.append(reinterpret_cast<const char*>(kSync.data()), kSync.size());
  put(frame, static_cast<std::uint8_t>(type));
  put(frame, static_cast<std::uint32_t>(payload.size()));
  put(frame, frame_crc(payload, frame));
  frame += payload;
  return frame;
}

Result<FrameFile> FrameFile::open(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info {};
  if (fd < 0 || fstat(fd, &info) != 0) {
    const int reason = errno;
    if (fd >= 0) ::close(fd);
    return fail(ErrorKind::io, "read the journal " + file.string(), std::strerror(reason));
  }
  FrameFile result(fd, info.st_size);
  result.owned_ = true;
  return result;
}

FrameFile::FrameFile(FrameFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      owned_(std::exchange(other.owned_, false)),
      refused_(other.refused_),
      size_(other.size_),
      base_(other.base_),
      buffer_(std::move(other.buffer_)) {}

FrameFile::~FrameFile() {
  if (owned_) ::close(fd_);
}

std::string_view FrameFile::view(std::int64_t offset, std::size_t bytes) {
  if (offset < 0 || offset >= size_) return {};
  bytes = std::min(bytes, static_cast<std::size_t>(size_ - offset));
  const auto buffered_end = base_ + static_cast<std::int64_t>(buffer_.size());
  if (offset < base_ || offset + static_cast<std::int64_t>(bytes) > buffered_end) {
    buffer_.resize(std::min(std::max(bytes, kPiece), static_cast<std::size_t>(size_ - offset)));
    base_ = offset;
    std::size_t filled = 0;
    int reason = 0;
    while (filled < buffer_.size()) {
      const ssize_t got =
          ::pread(fd_, buffer_.data() + filled, buffer_.size() - filled, offset + static_cast<std::int64_t>(filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) reason = errno;
      if (got <= 0) break;
      filled += static_cast<std::size_t>(got);
    }
    buffer_.resize(filled);
    if (filled < bytes && refused_ == 0) refused_ = reason;
  }
  return std::string_view(buffer_).substr(std::min(buffer_.size(), static_cast<std::size_t>(offset - base_)), bytes);
}

std::optional<Frame> FrameFile::at(std::int64_t offset) {
  const std::string_view header = view(offset, kHeaderBytes);
  if (header.size() < kHeaderBytes || !has_sync(header)) return std::nullopt;
  const auto length = get<std::uint32_t>(header, 4);
  if (length > kMaxPayload || offset + static_cast<std::int64_t>(kHeaderBytes + length) > size_) return std::nullopt;
  const std::string_view whole = view(offset, kHeaderBytes + length);
  if (whole.size() < kHeaderBytes + length) return std::nullopt;
  Frame frame;
  frame.offset = offset;
  frame.end = offset + static_cast<std::int64_t>(whole.size());
  frame.type = static_cast<FrameType>(whole[3]);
  frame.crc = get<std::uint32_t>(whole, 8);
  frame.payload = whole.substr(kHeaderBytes);
  if (frame_crc(frame.payload, whole) != frame.crc) return std::nullopt;
  return frame;
}

std::optional<Frame> FrameFile::next(std::int64_t offset) {
  const std::string_view sync(reinterpret_cast<const char*>(kSync.data()), kSync.size());
  while (true) {
    if (auto frame = at(offset)) return frame;
    if (refused_ != 0) return std::nullopt;
    ++offset;
    // To the next place that can begin a frame.
    while (true) {
      const std::string_view piece = view(offset, kPiece / 4);
      if (piece.size() < kHeaderBytes) return std::nullopt;
      const std::size_t found = piece.find(sync);
      if (found != std::string_view::npos) {
        offset += static_cast<std::int64_t>(found);
        break;
      }
      offset += static_cast<std::int64_t>(piece.size() - (sync.size() - 1));
    }
  }
}

}  // namespace athanor::journal
