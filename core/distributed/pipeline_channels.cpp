#include "core/distributed/pipeline_channels.h"

#include "core/parallel/transfers.h"

#include <tuple>

namespace athanor::distributed {
namespace {

using parallel::Op;
using parallel::Schedule;

// Does the ops of all ranks, each as soon as it can be, with so many buffers.
class Executor {
 public:
  Executor(const Schedule& schedule, int buffers)
      : schedule_(schedule), buffers_(buffers), next_(schedule.ranks.size()), channels_(channels_of(schedule)) {
    for (const auto& [channel, sends] : channels_)
      for (std::size_t i = 0; i < sends.size(); ++i) number_[key_of(sends[i])] = static_cast<int>(i);
  }

  bool comes_to_its_end() {
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t rank = 0; rank < next_.size(); ++rank)
        while (next_[rank] < schedule_.ranks[rank].size() && advance(static_cast<int>(rank))) moved = true;
    }
    for (std::size_t rank = 0; rank < next_.size(); ++rank)
      if (next_[rank] < schedule_.ranks[rank].size()) return false;
    return true;
  }

 private:
  using Key = std::tuple<parallel::OpKind, int, int>;
  struct Progress {
    int sent = 0, passed = 0;
  };

  static Key key_of(const Op& op) { return {op.kind, op.stage, op.micro_batch}; }

  bool advance(int rank) {
    const Op& op = schedule_.ranks[static_cast<std::size_t>(rank)][next_[static_cast<std::size_t>(rank)]];
    if (parallel::is_send(op.kind)) {
      Progress& progress = progress_[{rank, peer_of(schedule_, op)}];
      if (progress.sent >= progress.passed + 2 * buffers_) return false;
      ++progress.sent;
    } else if (parallel::is_receive(op.kind)) {
      ++progress_[{peer_of(schedule_, op), rank}].passed;
    } else if (const auto receive = receive_of(schedule_, op)) {
      const int number = number_.at(key_of(counterpart(*receive)));
      if (progress_[{peer_of(schedule_, *receive), rank}].sent <= number) return false;
    }
    ++next_[static_cast<std::size_t>(rank)];
    return true;
  }

  const Schedule& schedule_;
  int buffers_;
  std::vector<std::size_t> next_;
  std::map<Channel, std::vector<Op>> channels_;
  std::map<Key, int> number_;  // of a send in its channel
  std::map<Channel, Progress> progress_;
};

}  // namespace

std::map<Channel, std::vector<Op>> channels_of(const Schedule& schedule) {
  std::map<Channel, std::vector<Op>> channels;
  for (std::size_t rank = 0; rank < schedule.ranks.size(); ++rank)
    for (const Op& op : schedule.ranks[rank])
      if (parallel::is_send(op.kind)) channels[{static_cast<int>(rank), peer_of(schedule, op)}].push_back(op);
  return channels;
}

int buffers_needed(const Schedule& schedule) {
  int buffers = kDoubleBuffered;
  while (!Executor(schedule, buffers).comes_to_its_end()) ++buffers;
  return buffers;
}

}  // namespace athanor::distributed
