#include "core/distributed/pipeline_lane.h"

namespace athanor::distributed {

PipelineLane::PipelineLane(std::unique_ptr<comm::Communicator> communicator, Direction direction,
                           std::shared_ptr<Stream> through_host)
    : communicator_(std::move(communicator)),
      direction_(direction),
      through_host_(std::move(through_host)),
      thread_([this] { serve(); }) {}

PipelineLane::~PipelineLane() { join(); }

void PipelineLane::post(const View& data, std::shared_ptr<StreamMark> mark) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({data, std::move(mark)});
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
    const Message message = queue_.front();
    lock.unlock();
    std::exception_ptr failure;
    try {
      carry(message, peer);
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

void PipelineLane::carry(const Message& message, int peer) {
  const bool sends = direction_ == Direction::send;
  View data = message.data;
  if (through_host_) {
    room_.resize(storage_bytes(data.dtype, data.numel()));
    data = View(room_.data(), DType::u8, Shape{static_cast<std::int64_t>(room_.size())});
    through_host_->wait_for(message.mark.get());
    if (sends) through_host_->copy(room_.data(), message.data.data, room_.size());
  } else {
    communicator_->after(message.mark);
  }
  if (sends)
    communicator_->send(data, peer);
  else
    communicator_->receive(data, peer);
  if (through_host_ && !sends) through_host_->copy(message.data.data, room_.data(), room_.size());
}

}  // namespace athanor::distributed
