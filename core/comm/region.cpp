#include "core/comm/region.h"

#include "kernels/base/error.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace athanor::comm {
namespace fs = std::filesystem;
namespace {

// More than there are ranks on a host, each of which may remove a file once.
constexpr int kTries = 10'000;

[[noreturn]] void refuse(const fs::path& file, int reason) {
  throw Failure(ErrorKind::io, "share memory through " + file.string(), std::strerror(reason),
                reason == ENOSPC ? "free some memory there" : "choose a folder that may be written");
}

// A page that is not there ends whoever touches it; so all are taken while the lack of one can still be told.
int take_memory(int descriptor, std::size_t bytes) {
  int reason = 0;
  do {
    reason = ::posix_fallocate(descriptor, 0, static_cast<off_t>(bytes));
  } while (reason == EINTR);
  return reason;
}

// Under its name only once it has its memory; the first to link it there wins.
void make_unless_there(const fs::path& file, std::size_t bytes) {
  std::string unfinished = file.string() + ".new-XXXXXX";
  const int fresh = ::mkostemp(unfinished.data(), O_CLOEXEC);
  if (fresh < 0) refuse(file, errno);
  int reason = take_memory(fresh, bytes);
  ::close(fresh);
  if (reason == 0 && ::link(unfinished.c_str(), file.c_str()) != 0 && errno != EEXIST) reason = errno;
  ::unlink(unfinished.c_str());
  if (reason != 0) refuse(file, reason);
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
  int descriptor = -1;
  // Whoever gives up meeting the others removes the file, also between another's two looks at it.
  for (int tries = 0; descriptor < 0 && tries < kTries; ++tries) {
    make_unless_there(file, bytes);
    descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0 && errno != ENOENT) break;
  }
  if (descriptor < 0) refuse(file, errno);
  struct stat info {};
  std::byte* data = nullptr;
  if (::fstat(descriptor, &info) == 0 && static_cast<std::size_t>(info.st_size) == bytes) data = map(descriptor, bytes);
  const int reason = errno;
  ::close(descriptor);
  if (data != nullptr) return std::shared_ptr<Region>(new Region(data, bytes));
  if (static_cast<std::size_t>(info.st_size) == bytes) refuse(file, reason);
  throw Failure(ErrorKind::invalid_input, "share memory through " + file.string(),
                "it has " + std::to_string(info.st_size) + " bytes instead of " + std::to_string(bytes) +
                    ": another group has made it, or a rank that was told another number of ranks",
                "give each group a folder of its own, and all its ranks the same size");
}

std::shared_ptr<Region> Region::of_existing(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  struct stat info {};
  const bool is_known = ::fstat(descriptor, &info) == 0 && info.st_size > 0;
  const auto bytes = static_cast<std::size_t>(info.st_size);
  std::byte* data = is_known ? map(descriptor, bytes) : nullptr;
  ::close(descriptor);
  return data == nullptr ? nullptr : std::shared_ptr<Region>(new Region(data, bytes));
}

Region::~Region() { ::munmap(data_, size_); }

}  // namespace athanor::comm
