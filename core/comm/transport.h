// What carries messages between the ranks of one communicator. A fault of the group, which its board holds, ends every
// exchange of every transport.
#pragma once

#include "core/comm/board.h"
#include "core/comm/message.h"
#include "kernels/base/error.h"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace athanor::comm {

using Deadline = std::chrono::steady_clock::time_point;

inline constexpr const char* kRebuild = "rebuild the group and go on from the last checkpoint";

// A peer that still lives has not done its part in time. Nobody else has been told.
class DeadlinePassed : public Failure {
 public:
  using Failure::Failure;
};

// Ranks are in different calls. Nobody else has been told.
class CallsDiffer : public Failure {
 public:
  using Failure::Failure;
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Carries all of them at once, each peer as fast as it can, and returns when every outgoing message may be
  // overwritten and every incoming one is whole. Messages between two ranks keep their order; no message goes to the
  // rank itself. Throws Failure(communication): the fault that the board has meanwhile, a peer that is gone, a message
  // with another stamp than `stamp` (CallsDiffer), the deadline (DeadlinePassed). After a Failure nothing can be
  // carried any more.
  virtual void exchange(const Stamp& stamp, std::span<const Outgoing> out, std::span<const Incoming> in,
                        Deadline deadline) = 0;
  [[nodiscard]] virtual Traffic traffic() const noexcept = 0;
};

// Makes transports: one for each communicator, between ranks that all ask for the same name.
class Connector {
 public:
  virtual ~Connector() = default;
  // `members` are ranks of the whole group; the one asking is members[rank], and `board` its own. Throws
  // Failure(communication) as await_ranks() does.
  virtual std::unique_ptr<Transport> connect(const std::string& name, const std::vector<int>& members, int rank,
                                             const std::shared_ptr<Board>& board, Deadline deadline) = 0;
};

}  // namespace athanor::comm
