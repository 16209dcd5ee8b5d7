// Collectives in a fixed order over messages between pairs of ranks, in host memory and, once ranks have met there, on
// their GPUs.
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

// `members` are ranks of the whole group; this one is members[rank]. `links` are null where they are not on GPUs.
// Throws Failure(communication).
[[nodiscard]] std::unique_ptr<Communicator> make_communicator(const Ground& ground, std::string name,
                                                              std::vector<int> members, int rank,
                                                              std::chrono::milliseconds timeout,
                                                              std::shared_ptr<GpuLinks> links = nullptr);

}  // namespace athanor::comm
