#include "core/journal/frames.h"

#include "core/base/crc32c.h"
#include "core/journal/codec.h"

#include <algorithm>
#include <atomic>
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

void complete_frame(char* frame, FrameType type, std::uint32_t payload_bytes) {
  std::memcpy(frame + 1, kSync.data() + 1, kSync.size() - 1);
  frame[3] = static_cast<char>(type);
  std::memcpy(frame + 4, &payload_bytes, sizeof payload_bytes);
  const std::uint32_t crc = frame_crc({frame + kHeaderBytes, payload_bytes}, {frame, kHeaderBytes});
  std::memcpy(frame + 8, &crc, sizeof crc);
  std::atomic_ref(*frame).store(static_cast<char>(kSync[0]), std::memory_order_release);
}

std::string make_frame(FrameType type, std::string_view payload) {
  std::string frame(kHeaderBytes, '\0');
  frame += payload;
  complete_frame(frame.data(), type, static_cast<std::uint32_t>(payload.size()));
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

// A piece that was read while the file was written may have a frame and not the one before it, which was written
// earlier. So a gap is believed only when it is still there in bytes that were read after what follows it.
std::optional<Frame> FrameFile::next(std::int64_t offset) {
  auto found = search(offset);
  if (!found || found->offset == offset || is_unchanged(offset, found->offset)) return found;
  buffer_.clear();
  return search(offset);
}

// Whether the file still has what the buffer has of it.
bool FrameFile::is_unchanged(std::int64_t from, std::int64_t to) const {
  if (from < base_ || to > base_ + static_cast<std::int64_t>(buffer_.size())) return false;
  std::string now(static_cast<std::size_t>(to - from), '\0');
  const ssize_t got = ::pread(fd_, now.data(), now.size(), from);
  return got == to - from && buffer_.compare(static_cast<std::size_t>(from - base_), now.size(), now) == 0;
}

std::int64_t FrameFile::used_behind(std::int64_t offset) {
  std::int64_t used = 0;
  for (std::int64_t at = offset; at < size_;) {
    const std::string_view piece = view(at, kPiece / 4);
    if (piece.empty()) break;
    const std::size_t last = piece.find_last_not_of('\0');
    at += static_cast<std::int64_t>(piece.size());
    if (last != std::string_view::npos) used = at - static_cast<std::int64_t>(piece.size() - last) + 1 - offset;
  }
  return used;
}

bool FrameFile::is_room_behind(std::int64_t offset) {
  while (offset < size_) {
    const std::string_view piece = view(offset, kPiece / 4);
    if (piece.find_first_not_of('\0') != std::string_view::npos) return false;
    if (piece.empty()) break;
    offset += static_cast<std::int64_t>(piece.size());
  }
  return true;
}

std::optional<Frame> FrameFile::search(std::int64_t offset) {
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
