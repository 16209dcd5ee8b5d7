#include "core/distributed/exchange_thread.h"

#include "core/comm/short_turns.h"

#include <utility>

namespace athanor::distributed {

ExchangeThread::~ExchangeThread() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ExchangeThread::post(Work work) {
  {
    const std::lock_guard lock(mutex_);
    if (failure_) return;
    queue_.push_back(std::move(work));
    if (!thread_.joinable()) thread_ = std::thread([this] { serve(); });
  }
  changed_.notify_all();
}

std::vector<ExchangeThread::Span> ExchangeThread::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.empty(); });
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  return std::exchange(spans_, {});
}

void ExchangeThread::serve() {
  comm::take_short_turns();
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ends_ || !queue_.empty(); });
    if (ends_) return;
    const Work work = std::move(queue_.front());
    lock.unlock();
    const Clock::time_point begin = Clock::now();
    std::exception_ptr failure;
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    spans_.push_back({begin, Clock::now()});
    queue_.pop_front();
    if (failure) {
      failure_ = failure;
      queue_.clear();
    }
    changed_.notify_all();
  }
}

}  // namespace athanor::distributed
