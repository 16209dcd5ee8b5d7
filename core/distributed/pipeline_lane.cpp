#include "core/distributed/pipeline_lane.h"

namespace athanor::distributed {

PipelineLane::PipelineLane(std::unique_ptr<comm::Communicator> communicator, Direction direction)
    : communicator_(std::move(communicator)), direction_(direction), thread_([this] { serve(); }) {}

PipelineLane::~PipelineLane() { join(); }

void PipelineLane::post(const View& data) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(data);
  }
  ++posted_;
  work_.notify_one();
}

std::uint64_t PipelineLane::carried() const {
  const std::lock_guard lock(mutex_);
  return carried_;
}

void PipelineLane::wait_for(std::uint64_t carried) {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return carried_ >= carried || failure_; });
  if (carried_ < carried) std::rethrow_exception(failure_);
}

void PipelineLane::join() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void PipelineLane::serve() {
  const int peer = 1 - communicator_->rank();
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return ends_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const View data = queue_.front();
    lock.unlock();
    std::exception_ptr failure;
    try {
      if (direction_ == Direction::send)
        communicator_->send(data, peer);
      else
        communicator_->receive(data, peer);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    queue_.pop_front();
    if (failure)
      failure_ = failure;
    else
      ++carried_;
    done_.notify_one();
    if (failure) return;
  }
}

}  // namespace athanor::distributed
