#include "core/comm/region.h"

#include "kernels/base/error.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace athanor::comm {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const fs::path& file, int reason) {
  throw Failure(ErrorKind::io, "share memory through " + file.string(), std::strerror(reason),
                reason == ENOSPC ? "free some memory there" : "choose a folder that may be written");
}

std::byte* map(int descriptor, std::size_t bytes) {
  const int flags = descriptor < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
  void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, descriptor, 0);
  return data == MAP_FAILED ? nullptr : static_cast<std::byte*>(data);
}

}  // namespace

std::shared_ptr<Region> Region::of_process(std::size_t bytes) {
  std::byte* data = map(-1, bytes);
  if (data == nullptr) refuse("this process", errno);
  return std::shared_ptr<Region>(new Region(data, bytes));
}

std::shared_ptr<Region> Region::of_file(const fs::path& file, std::size_t bytes) {
  // Under its name only once it has its size; the first to link it there wins.
  const fs::path unfinished = file.string() + ".new-" + std::to_string(::getpid());
  const int fresh = ::open(unfinished.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fresh < 0) refuse(file, errno);
  int reason = ::ftruncate(fresh, static_cast<off_t>(bytes)) == 0 ? 0 : errno;
  ::close(fresh);
  if (reason == 0 && ::link(unfinished.c_str(), file.c_str()) != 0 && errno != EEXIST) reason = errno;
  ::unlink(unfinished.c_str());
  if (reason != 0) refuse(file, reason);

  const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) refuse(file, errno);
  struct stat info {};
  const bool is_ours = ::fstat(descriptor, &info) == 0 && static_cast<std::size_t>(info.st_size) == bytes;
  std::byte* data = is_ours ? map(descriptor, bytes) : nullptr;
  reason = is_ours ? errno : EPROTO;
  ::close(descriptor);
  if (data == nullptr) refuse(file, reason);
  return std::shared_ptr<Region>(new Region(data, bytes));
}

Region::~Region() { ::munmap(data_, size_); }

}  // namespace athanor::comm
