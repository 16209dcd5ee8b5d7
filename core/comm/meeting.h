// Waiting until the ranks that are to meet have come.
#pragma once

#include "core/comm/board.h"
#include "core/comm/transport.h"

#include <functional>
#include <string>
#include <vector>

namespace athanor::comm {

// Until `missing` names no rank of the whole group any more; it is asked again and again. Throws
// Failure(communication): the fault of the group, who of the missing has left it, who has not come by the deadline.
void await_ranks(const Board& board, const std::string& intention, Deadline deadline,
                 const std::function<std::vector<int>()>& missing);

}  // namespace athanor::comm
