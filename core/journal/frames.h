// Frames in a file: building them, and walking over them from any offset with damaged stretches found and skipped.
// Internal to the journal. Not for concurrent use.
#pragma once

#include "core/base/result.h"
#include "core/journal/format.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace athanor::journal {

struct Frame {
  std::int64_t offset = 0;
  std::int64_t end = 0;  // offset of what follows
  FrameType type = FrameType::session;
  std::uint32_t crc = 0;
  std::string_view payload;  // into the FrameFile's buffer: valid until its next call
};

// Header and payload, ready to be written. The payload is at most kMaxPayload bytes.
[[nodiscard]] std::string make_frame(FrameType type, std::string_view payload);

// The same in place, for a payload that stands kHeaderBytes behind `frame` already. Who reads meanwhile sees a frame
// only once it is whole: its first byte is stored last.
void complete_frame(char* frame, FrameType type, std::uint32_t payload_bytes);

// A text is cut when it would not fit a frame; this is what a session, metrics or event payload begins with.
struct Stamp {
  std::int64_t anchor_wall_ns = 0;
  std::int64_t time_ns = 0;
};

// Reads a file of frames in large pieces, also while it is written. The size is taken when opened; what is appended
// behind it is not seen. Finding no frame means that there is none only while refused() is 0: otherwise the bytes could
// not be read.
class FrameFile {
 public:
  [[nodiscard]] static Result<FrameFile> open(const std::filesystem::path& file);
  // Over an open descriptor, which stays the caller's.
  FrameFile(int fd, std::int64_t size) : fd_(fd), size_(size) {}
  FrameFile(FrameFile&& other) noexcept;
  FrameFile& operator=(FrameFile&&) = delete;
  ~FrameFile();

  [[nodiscard]] std::int64_t size() const noexcept { return size_; }
  // errno of the first read that the operating system refused; 0 when none was.
  [[nodiscard]] int refused() const noexcept { return refused_; }
  // The whole frame that begins exactly here.
  [[nodiscard]] std::optional<Frame> at(std::int64_t offset);
  // The first whole frame that begins at `offset` or behind it.
  [[nodiscard]] std::optional<Frame> next(std::int64_t offset);
  // How many bytes there are from `offset` to the last that is not zero.
  [[nodiscard]] std::int64_t used_behind(std::int64_t offset);
  // Whether all from `offset` to the end is zero.
  [[nodiscard]] bool is_room_behind(std::int64_t offset);

 private:
  std::optional<Frame> search(std::int64_t offset);
  [[nodiscard]] bool is_unchanged(std::int64_t from, std::int64_t to) const;
  // Up to `bytes` bytes from `offset`; fewer at the end of the file, or when reading fails and refused_ says why.
  std::string_view view(std::int64_t offset, std::size_t bytes);

  int fd_ = -1;
  bool owned_ = false;
  int refused_ = 0;
  std::int64_t size_ = 0;
  std::int64_t base_ = 0;  // file offset of the buffer's first byte
  std::string buffer_;
};

}  // namespace athanor::journal
