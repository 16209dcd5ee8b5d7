// A thread that does one exchange after another while its owner computes. What it does is all that uses the
// communicator from the first post() until wait() returns.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace athanor::distributed {

class ExchangeThread {
 public:
  using Work = std::function<void()>;
  using Clock = std::chrono::steady_clock;
  struct Span {
    Clock::time_point begin, end;
  };

  ExchangeThread() = default;
  // Waits for the work at hand, whose fault is lost; what has not begun is not done.
  ~ExchangeThread();
  ExchangeThread(const ExchangeThread&) = delete;
  ExchangeThread& operator=(const ExchangeThread&) = delete;

  // Never waits. After a fault nothing more is done.
  void post(Work work);
  // Until all that was posted is done; throws what one of it has thrown. When each was at work, since the last wait.
  std::vector<Span> wait();

 private:
  void serve();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> queue_;  // the first is at work
  std::vector<Span> spans_;
  std::exception_ptr failure_;
  bool ends_ = false;
  std::thread thread_;  // begins with the first post()
};

}  // namespace athanor::distributed
