// Adds the time for which it lives.
#pragma once

#include <chrono>

namespace athanor::distributed {

class Stopwatch {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Stopwatch(Clock::duration& sum) : sum_(sum) {}
  ~Stopwatch() { sum_ += Clock::now() - begin_; }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  Clock::duration& sum_;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace athanor::distributed
