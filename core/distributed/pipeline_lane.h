// A thread that carries messages one way between two ranks, while others compute.
#pragma once

#include "core/comm/communicator.h"
#include "core/memory/stream.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace athanor::distributed {

class PipelineLane {
 public:
  enum class Direction { send, receive };
  // Of the two ranks of a communicator that this lane alone uses. `through_host` is a queue of its own for messages on
  // a GPU that cannot go from there to the other; null where all go as they are.
  PipelineLane(std::unique_ptr<comm::Communicator> communicator, Direction direction,
               std::shared_ptr<Stream> through_host = nullptr);
  // Carries what is posted, or ends with the fault of the group.
  ~PipelineLane();
  PipelineLane(const PipelineLane&) = delete;
  PipelineLane& operator=(const PipelineLane&) = delete;

  // Queues a message and never waits. Its memory stays as it is until carried() counts it; on a GPU it is not used
  // before `mark`.
  void post(const View& data, std::shared_ptr<StreamMark> mark = nullptr);
  [[nodiscard]] std::uint64_t posted() const noexcept { return posted_; }
  [[nodiscard]] std::uint64_t carried() const;
  // Until that many messages in all are carried. Throws what has ended the lane before.
  void wait_for(std::uint64_t carried);
  // Once all that was posted is carried.
  [[nodiscard]] comm::Traffic traffic() const noexcept { return communicator_->traffic(); }
  // After a fault: once it returns, the lane touches no memory any more.
  void join();

 private:
  struct Message {
    View data;
    std::shared_ptr<StreamMark> mark;
  };
  void serve();
  void carry(const Message& message, int peer);

  std::unique_ptr<comm::Communicator> communicator_;
  Direction direction_;
  std::shared_ptr<Stream> through_host_;
  std::vector<std::byte> room_;  // of a message on the host
  std::uint64_t posted_ = 0;     // the owner's

  mutable std::mutex mutex_;
  std::condition_variable work_, done_;
  std::deque<Message> queue_;
  std::uint64_t carried_ = 0;
  std::exception_ptr failure_;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace athanor::distributed
