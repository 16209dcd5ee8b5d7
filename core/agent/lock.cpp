#include "core/agent/lock.h"

#include "core/base/files.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>

namespace athanor::agent {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
namespace {

[[noreturn]] void refuse_second(const Places& places, const std::string& intention) {
  std::string pid;
  std::getline(std::ifstream(places.lock), pid);
  throw Failure(ErrorKind::unavailable, intention,
                "athanor-agent is running already for " + places.home.string() + " (process " + pid + ")",
                "end it first: athanor-agent quit; runs go on meanwhile");
}

}  // namespace

void refuse_home(const Places& places, int reason) {
  throw Failure(write_refusal("use " + places.home.string() + " for Athanor's data", reason));
}

Descriptor take_lock(const Places& places, const std::string& intention) {
  value_or_throw(make_folders(places.home));
  if (::mkdir(places.folder.c_str(), 0700) != 0 && errno != EEXIST) refuse_home(places, errno);
  Descriptor lock(::open(places.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) refuse_home(places, errno);
  // One that was just killed may take a moment to be gone.
  constexpr int kTries = 10;
  for (int tries = 1; ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (errno != EWOULDBLOCK) refuse_home(places, errno);
    if (tries == kTries) refuse_second(places, intention);
    std::this_thread::sleep_for(20ms);
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock.get(), 0) != 0 ||
      ::pwrite(lock.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    refuse_home(places, errno);
  }
  return lock;
}

}  // namespace athanor::agent
