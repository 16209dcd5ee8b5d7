// Room ahead of a file's end: reserved on the disk and mapped, so that appending is a copy in memory. What was copied
// there is the kernel's and survives the death of the process, as after write(2). Only reserved bytes are ever handed
// out: a full disk refuses the room, never the copy. Internal to the journal. Not for concurrent use.
//
// Room is made where a copy into reserved bytes cannot fail: on ext4, XFS and tmpfs. Elsewhere there is none, because
// file systems that are shared between machines, or write every change to a new place, promise no such thing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace athanor::journal {

class AppendWindow {
 public:
  static constexpr std::int64_t kRoom = 256 << 10;   // at least this far ahead of the end
  static constexpr std::size_t kLargest = 64 << 10;  // longer pieces are better written

  // Over an open descriptor, which stays the caller's.
  explicit AppendWindow(int fd);
  ~AppendWindow();
  AppendWindow(const AppendWindow&) = delete;
  AppendWindow& operator=(const AppendWindow&) = delete;

  // Where `bytes` bytes at the file's end `end` may be put; they are zero so far. Null where there is no room.
  [[nodiscard]] char* place(std::int64_t end, std::size_t bytes) {
    if (end >= begin_ && end + static_cast<std::int64_t>(bytes) <= limit_) return memory_ + (end - begin_);
    return reach(end, bytes);
  }
  [[nodiscard]] bool is_open() const noexcept { return memory_ != nullptr; }
  // Gives the room back, so that the file is `end` bytes long. False, with errno set, where that is refused.
  bool close(std::int64_t end);

 private:
  char* reach(std::int64_t end, std::size_t bytes);
  bool open(std::int64_t end);
  bool reserve(std::int64_t from, std::int64_t to);
  bool map(std::int64_t from, std::int64_t to);
  void unmap();

  int fd_;
  bool is_possible_;
  std::int64_t next_try_ = 0;  // after a refusal: not before the file is this long
  char* memory_ = nullptr;
  std::int64_t begin_ = 0, limit_ = 0;  // of what is mapped, in the file
};

}  // namespace athanor::journal
