// Items that one thread makes and another carries, in one order: how many each has passed on, for the other to wait
// for. Where one of them fails, the other's waits end.
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>

namespace athanor::comm {

class Relay {
 public:
  enum Side { made, carried };
  // What a wait ends with where the other side has failed: no failure of its own.
  struct Ended {};

  // One more item is passed on.
  void pass(Side side);
  // Until so many have been. Throws Ended.
  void await(Side side, int count);
  // The exception that is being handled, if it is the first one, becomes the relay's.
  void fail() noexcept;
  // Throws it, where there is one.
  void finish() const;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int passed_[2] = {};
  bool has_ended_ = false;
  std::exception_ptr failure_;
};

}  // namespace athanor::comm
