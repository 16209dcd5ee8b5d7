#include "core/journal/append_window.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace athanor::journal {
namespace {

constexpr long kXfs = 0x58465342;   // "XFSB"
constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, which older headers lack

bool keeps_reservations(int fd) {
  struct statfs info {};
  if (::fstatfs(fd, &info) != 0) return false;
  return info.f_type == EXT4_SUPER_MAGIC || info.f_type == kXfs || info.f_type == TMPFS_MAGIC;
}

// Growing beyond the limit would be a signal, which only some programs ignore.
bool may_grow_to(std::int64_t bytes) {
  rlimit limit{};
  return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && static_cast<rlim_t>(bytes) <= limit.rlim_cur;
}

std::int64_t page_bytes() {
  static const std::int64_t bytes = ::sysconf(_SC_PAGESIZE);
  return bytes;
}

}  // namespace

AppendWindow::AppendWindow(int fd) : fd_(fd), is_possible_(keeps_reservations(fd)) {}

AppendWindow::~AppendWindow() { unmap(); }

char* AppendWindow::reach(std::int64_t end, std::size_t bytes) {
  if (!is_possible_ || bytes > kLargest || end < next_try_ || !open(end)) return nullptr;
  return memory_ + (end - begin_);
}

bool AppendWindow::open(std::int64_t end) {
  const std::int64_t page = page_bytes();
  const std::int64_t limit = (end + kRoom + page - 1) / page * page;
  unmap();
  if (may_grow_to(limit) && reserve(end, limit) && map(end / page * page, limit)) return true;
  next_try_ = end + static_cast<std::int64_t>(kLargest);
  [[maybe_unused]] const int returned = ::ftruncate(fd_, end);  // what was reserved in part; as room it does no harm
  return false;
}

bool AppendWindow::reserve(std::int64_t from, std::int64_t to) {
  while (::fallocate(fd_, 0, from, to - from) != 0) {
    if (errno == EINTR) continue;
    is_possible_ = errno != EOPNOTSUPP && errno != ENOSYS;
    return false;
  }
  return true;
}

// All pages are made writable at once: else the first byte of each would take as long as a write.
bool AppendWindow::map(std::int64_t from, std::int64_t to) {
  const auto length = static_cast<std::size_t>(to - from);
  void* const memory = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, from);
  if (memory == MAP_FAILED) return false;
  memory_ = static_cast<char*>(memory);
  begin_ = from;
  limit_ = to;
  if (::madvise(memory, length, kPopulateWrite) == 0 || errno == EINVAL) return true;  // EINVAL: an older kernel
  unmap();
  return false;
}

bool AppendWindow::close(std::int64_t end) {
  unmap();
  return ::ftruncate(fd_, end) == 0;
}

void AppendWindow::unmap() {
  if (memory_ != nullptr) ::munmap(memory_, static_cast<std::size_t>(limit_ - begin_));
  memory_ = nullptr;
  begin_ = limit_ = 0;
}

}  // namespace athanor::journal
