#include "core/comm/relay.h"

namespace athanor::comm {

void Relay::pass(Side side) {
  {
    const std::lock_guard lock(mutex_);
    ++passed_[side];
  }
  changed_.notify_all();
}

void Relay::await(Side side, int count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return has_ended_ || passed_[side] >= count; });
  if (passed_[side] < count) throw Ended();
}

void Relay::fail() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!has_ended_) failure_ = std::current_exception();
    has_ended_ = true;
  }
  changed_.notify_all();
}

void Relay::finish() const {
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace athanor::comm
