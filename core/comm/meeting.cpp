#include "core/comm/meeting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <thread>

namespace athanor::comm {

void await_ranks(const Board& board, const std::string& intention, Deadline deadline,
                 const std::function<std::vector<int>()>& missing) {
  using namespace std::chrono_literals;
  const auto fail = [&](const std::string& cause) {
    throw Failure(ErrorKind::communication, intention, cause, "see the logs of the others");
  };
  for (auto pause = 1ms;; pause = std::min(2 * pause, 16ms)) {
    if (const auto fault = board.fault()) fail(*fault);
    const auto ranks = missing();
    if (ranks.empty()) return;
    const auto gone = std::ranges::find_if(ranks, [&](int rank) { return board.has_left(rank); });
    if (gone != ranks.end() && missing() == ranks) fail(fmt::format("rank {} has left", *gone));
    if (std::chrono::steady_clock::now() >= deadline)
      fail(fmt::format("rank {} has not come in time", fmt::join(ranks, ", ")));
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace athanor::comm
