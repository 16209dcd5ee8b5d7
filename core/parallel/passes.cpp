#include "core/parallel/passes.h"

#include "core/parallel/transfers.h"

#include <algorithm>
#include <map>

namespace athanor::parallel {
namespace {

// Where receives of a rank are to be inserted: before the op at `place`, in this order.
struct Insertion {
  std::size_t place;
  Op receive;
};

// The places at which each rank consumes what a receive brings; the end of the list where it never does.
class Consumers {
 public:
  explicit Consumers(const Schedule& schedule) {
    for (const auto& ops : schedule.ranks)
      for (std::size_t place = ops.size(); place-- > 0;)
        if (const auto receive = receive_of(schedule, ops[place]))
          places_[{receive->kind, receive->stage, receive->micro_batch}] = place;
  }
  [[nodiscard]] std::size_t place_of(const Op& receive, std::size_t end) const {
    const auto found = places_.find({receive.kind, receive.stage, receive.micro_batch});
    return found == places_.end() ? end : found->second;
  }

 private:
  std::map<std::tuple<OpKind, int, int>, std::size_t> places_;
};

// Whose turn it is on one stage.
class StageTurns {
 public:
  int next(const Op& op) {
    if (op.kind == OpKind::forward) return forward_++;
    if (op.kind == OpKind::weight_gradient) return weight_ < owing_.size() ? owing_[weight_++] : op.micro_batch;
    if (op.kind == OpKind::input_gradient) owing_.push_back(backward_);
    return backward_++;
  }

 private:
  int forward_ = 0, backward_ = 0;
  std::size_t weight_ = 0;
  std::vector<int> owing_;  // micro-batches of which W is apart
};

void remove_transfers(Schedule& schedule) {
  for (auto& ops : schedule.ranks)
    std::erase_if(ops, [](const Op& op) { return is_send(op.kind) || is_receive(op.kind); });
}

}  // namespace

Schedule order_micro_batches(Schedule schedule) {
  for (auto& ops : schedule.ranks) {
    std::map<int, StageTurns> turns;
    for (Op& op : ops)
      if (is_compute(op.kind)) op.micro_batch = turns[op.stage].next(op);
  }
  return schedule;
}

Schedule join_backward(Schedule schedule) {
  for (auto& ops : schedule.ranks) {
    std::vector<Op> joined;
    joined.reserve(ops.size());
    for (const Op& op : ops) {
      if (op.kind == OpKind::weight_gradient && !joined.empty() &&
          joined.back() == Op{OpKind::input_gradient, op.stage, op.micro_batch})
        joined.back().kind = OpKind::backward;
      else
        joined.push_back(op);
    }
    ops = std::move(joined);
  }
  return schedule;
}

Schedule keep_forwards(Schedule schedule, int micro_batches) {
  schedule.micro_batches = micro_batches;
  for (auto& ops : schedule.ranks)
    std::erase_if(ops, [&](const Op& op) { return op.kind != OpKind::forward || op.micro_batch >= micro_batches; });
  return schedule;
}

Schedule insert_transfers(Schedule schedule) {
  remove_transfers(schedule);
  const Consumers consumers(schedule);
  std::vector<std::vector<Insertion>> insertions(schedule.ranks.size());
  for (const auto& ops : schedule.ranks) {
    std::map<int, std::vector<Insertion>> channels;  // by receiving rank, in the order of sending
    for (const Op& op : ops) {
      const auto send = send_of(schedule, op);
      if (!send) continue;
      const Op receive = counterpart(*send);
      const int peer = schedule.stage_ranks[static_cast<std::size_t>(receive.stage)];
      const std::size_t end = schedule.ranks[static_cast<std::size_t>(peer)].size();
      channels[peer].push_back({consumers.place_of(receive, end), receive});
    }
    for (auto& [peer, channel] : channels) {
      for (std::size_t i = channel.size(); i-- > 1;)
        channel[i - 1].place = std::min(channel[i - 1].place, channel[i].place);
      auto& all = insertions[static_cast<std::size_t>(peer)];
      all.insert(all.end(), channel.begin(), channel.end());
    }
  }
  for (std::size_t rank = 0; rank < schedule.ranks.size(); ++rank) {
    std::ranges::stable_sort(insertions[rank], {}, &Insertion::place);
    std::vector<Op> lowered;
    std::size_t next = 0;
    const auto insert_before = [&](std::size_t place) {
      for (; next < insertions[rank].size() && insertions[rank][next].place <= place; ++next)
        lowered.push_back(insertions[rank][next].receive);
    };
    for (std::size_t place = 0; place < schedule.ranks[rank].size(); ++place) {
      const Op op = schedule.ranks[rank][place];
      insert_before(place);
      lowered.push_back(op);
      if (const auto send = send_of(schedule, op)) lowered.push_back(*send);
    }
    insert_before(schedule.ranks[rank].size());
    schedule.ranks[rank] = std::move(lowered);
  }
  return schedule;
}

Schedule insert_reductions(Schedule schedule) {
  for (auto& ops : schedule.ranks) {
    std::erase_if(ops, [](const Op& op) { return op.kind == OpKind::reduce_gradient; });
    std::map<int, std::size_t> last;  // place of a stage's last weight gradient
    for (std::size_t place = 0; place < ops.size(); ++place)
      if (ops[place].kind == OpKind::weight_gradient || ops[place].kind == OpKind::backward)
        last[ops[place].stage] = place;
    std::vector<Op> lowered;
    for (std::size_t place = 0; place < ops.size(); ++place) {
      lowered.push_back(ops[place]);
      const auto found = last.find(ops[place].stage);
      if (found != last.end() && found->second == place)
        lowered.push_back({OpKind::reduce_gradient, ops[place].stage, kWholeStage});
    }
    ops = std::move(lowered);
  }
  return schedule;
}

Schedule insert_steps(Schedule schedule) {
  for (auto& ops : schedule.ranks) std::erase_if(ops, [](const Op& op) { return op.kind == OpKind::step; });
  for (int stage = 0; stage < schedule.stage_count(); ++stage)
    schedule.ranks[static_cast<std::size_t>(schedule.stage_ranks[static_cast<std::size_t>(stage)])].push_back(
        {OpKind::step, stage, kWholeStage});
  return schedule;
}

}  // namespace athanor::parallel
