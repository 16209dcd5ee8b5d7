#include "core/comm/coded_thread.h"

#include "core/comm/short_turns.h"

#include <utility>

namespace athanor::comm {

CodedThread::~CodedThread() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void CodedThread::run_beside(const Work& here, const Work& beside) {
  if (!thread_.joinable()) thread_ = std::thread([this] { serve(); });
  {
    const std::lock_guard lock(mutex_);
    work_ = &beside;
  }
  changed_.notify_all();
  struct Join {
    CodedThread& other;
    ~Join() { other.wait(); }
  };
  {
    const Join join{*this};
    here();
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void CodedThread::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return work_ == nullptr; });
}

void CodedThread::serve() {
  take_short_turns();
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ends_ || work_ != nullptr; });
    if (work_ == nullptr) return;
    lock.unlock();
    std::exception_ptr failure;
    try {
      (*work_)();
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    failure_ = failure;
    work_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace athanor::comm
