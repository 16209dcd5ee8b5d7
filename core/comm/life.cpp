#include "core/comm/life.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace athanor::comm {
namespace {

bool is_gone_by_number(pid_t pid) noexcept {
  if (::kill(pid, 0) != 0 && errno == ESRCH) return true;
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/stat", static_cast<int>(pid));
  const int file = ::open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  std::array<char, 512> text{};
  const ssize_t got = ::read(file, text.data(), text.size());
  ::close(file);
  const std::string_view words(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::size_t name_end = words.rfind(')');
  if (name_end == std::string_view::npos || name_end + 2 >= words.size()) return false;
  return words[name_end + 2] == 'Z' || words[name_end + 2] == 'X';
}

}  // namespace

Life::~Life() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool Life::has_ended() noexcept {
  if (ended_) return true;
  if (descriptor_ < 0) descriptor_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (descriptor_ < 0) return ended_ = errno == ESRCH || is_gone_by_number(pid_);
  pollfd poll{descriptor_, POLLIN, 0};
  return ended_ = ::poll(&poll, 1, 0) == 1;
}

std::uint64_t process_namespace() noexcept {
  struct stat info {};
  return ::stat("/proc/self/ns/pid", &info) == 0 ? info.st_ino : 0;
}

}  // namespace athanor::comm
