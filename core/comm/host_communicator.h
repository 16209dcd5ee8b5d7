// Collectives in a fixed order over messages between pairs of ranks, in host memory.
#pragma once

#include "core/comm/board.h"
#include "core/comm/transport.h"

#include <memory>
#include <string>
#include <vector>

namespace athanor::comm {

// What the communicators of one rank share.
struct Ground {
  std::shared_ptr<Connector> connector;
  std::shared_ptr<Board> board;
};

// `members` are ranks of the whole group; this one is members[rank]. Throws Failure(communication).
[[nodiscard]] std::unique_ptr<Communicator> make_host_communicator(const Ground& ground, std::string name,
                                                                   std::vector<int> members, int rank,
                                                                   std::chrono::milliseconds timeout);

}  // namespace athanor::comm
