// Tells those who watch a file (inotify) that it changed, which the kernel does not do for what is written through a
// mapping: sets the file's time, at most every kPause. A thread of its own looks for changes while there are some, so
// that a change costs its writer no call of the system; only the first after a long rest wakes it.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

namespace athanor::journal {

class ChangeNotice {
 public:
  static constexpr std::chrono::milliseconds kPause{5};
  static constexpr int kLooks = 200;  // without a change, before it rests

  // Over an open descriptor, which stays the caller's. The thread begins with the first change.
  explicit ChangeNotice(int fd, int looks = kLooks) : fd_(fd), looks_(looks) {}
  ~ChangeNotice();
  ChangeNotice(const ChangeNotice&) = delete;
  ChangeNotice& operator=(const ChangeNotice&) = delete;

  // After the bytes were written; by one thread at a time.
  void changed() {
    if (pending_.exchange(1) == 0) wake();  // an exchange, so that who clears it sees the bytes
  }

 private:
  void wake();
  void tell() const;
  void run(const std::stop_token& stop);

  int fd_;
  int looks_;
  std::atomic<int> pending_ = 0;
  std::jthread thread_;
};

}  // namespace athanor::journal
