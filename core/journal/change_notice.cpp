#include "core/journal/change_notice.h"

#include <array>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <sys/stat.h>
#include <system_error>

namespace athanor::journal {

ChangeNotice::~ChangeNotice() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  pending_ = 1;
  pending_.notify_one();
}

void ChangeNotice::wake() {
  if (thread_.joinable()) return pending_.notify_one();
  sigset_t all{}, before{};  // signals are the program's other threads' to take
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  try {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  } catch (const std::system_error&) {
    pending_ = 0;  // the next change tries again
    tell();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void ChangeNotice::tell() const {
  const std::array<timespec, 2> times = {{{0, UTIME_OMIT}, {0, UTIME_NOW}}};  // of the change only: IN_MODIFY
  (void)::futimens(fd_, times.data());
}

void ChangeNotice::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any rest;
  std::unique_lock lock(mutex);
  for (int quiet = 0; !stop.stop_requested(); ++quiet) {
    if (quiet >= looks_) pending_.wait(0);
    if (pending_.load() != 0) {
      pending_.exchange(0);
      quiet = -1;
      tell();
    }
    rest.wait_for(lock, stop, kPause, [] { return false; });
  }
}

}  // namespace athanor::journal
