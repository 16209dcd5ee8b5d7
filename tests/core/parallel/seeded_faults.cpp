#include "tests/core/parallel/seeded_faults.h"

#include "core/parallel/transfers.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <tuple>

namespace athanor::parallel::test {
namespace {

using Key = std::tuple<int, int, int>;  // what is computed or known: kind, stage, micro-batch

Key key(OpKind kind, int stage, int micro_batch) { return {static_cast<int>(kind), stage, micro_batch}; }

class Executor {
 public:
  explicit Executor(const Schedule& schedule)
      : schedule_(schedule), transfers_(has_transfers(schedule)), known_(schedule.ranks.size()) {}

  bool run() {
    std::vector<std::size_t> next(schedule_.ranks.size(), 0);
    for (bool moved = true; moved && !spoilt_;) {
      moved = false;
      deliver();
      for (std::size_t rank = 0; rank < next.size(); ++rank)
        while (next[rank] < schedule_.ranks[rank].size() && perform(rank, schedule_.ranks[rank][next[rank]]))
          ++next[rank], moved = true, deliver();
    }
    for (std::size_t rank = 0; rank < next.size(); ++rank)
      if (next[rank] != schedule_.ranks[rank].size()) return false;
    for (const auto& [ends, messages] : channels_)
      if (!messages.sent.empty() || !messages.posted.empty()) return false;
    const auto all = static_cast<std::size_t>(schedule_.stage_count() * schedule_.micro_batches);
    return !spoilt_ && computed_.size() == 3 * all;
  }

 private:
  struct Channel {
    std::deque<Key> sent, posted;
  };

  // A posted receive takes the oldest message, whatever it is.
  void deliver() {
    for (auto& [ends, channel] : channels_)
      while (!channel.sent.empty() && !channel.posted.empty()) {
        if (channel.sent.front() != channel.posted.front()) spoilt_ = true;
        known_[static_cast<std::size_t>(ends.second)].insert(channel.posted.front());
        channel.sent.pop_front();
        channel.posted.pop_front();
      }
  }

  // Whether what a stage made of a micro-batch is on this rank.
  bool is_known(std::size_t rank, OpKind kind, int stage, int micro_batch) const {
    if (known_[rank].contains(key(kind, stage, micro_batch))) return true;
    return !transfers_ && computed_.contains(key(kind, stage, micro_batch));
  }

  bool compute(std::size_t rank, OpKind kind, int stage, int micro_batch) {
    spoilt_ |= !computed_.insert(key(kind, stage, micro_batch)).second;
    known_[rank].insert(key(kind, stage, micro_batch));
    return true;
  }

  bool perform(std::size_t rank, const Op& op) {
    const int stage = op.stage, j = op.micro_batch;
    if (schedule_.stage_ranks[static_cast<std::size_t>(stage)] != static_cast<int>(rank)) return false;
    const auto is_mine = [&](OpKind kind) { return known_[rank].contains(key(kind, stage, j)); };
    switch (op.kind) {
      case OpKind::forward:
        if (stage > 0 && !is_known(rank, OpKind::forward, stage - 1, j)) return false;
        return compute(rank, OpKind::forward, stage, j);
      case OpKind::input_gradient:
      case OpKind::backward:
        if (!is_mine(OpKind::forward)) return false;
        if (stage + 1 < schedule_.stage_count() && !is_known(rank, OpKind::input_gradient, stage + 1, j)) return false;
        compute(rank, OpKind::input_gradient, stage, j);
        return op.kind == OpKind::input_gradient || compute(rank, OpKind::weight_gradient, stage, j);
      case OpKind::weight_gradient:
        return is_mine(OpKind::input_gradient) && compute(rank, OpKind::weight_gradient, stage, j);
      case OpKind::send_forward:
        return is_mine(OpKind::forward) && post(rank, op, key(OpKind::forward, stage, j), true);
      case OpKind::send_backward:
        return is_mine(OpKind::input_gradient) && post(rank, op, key(OpKind::input_gradient, stage, j), true);
      case OpKind::receive_forward: return post(rank, op, key(OpKind::forward, stage - 1, j), false);
      case OpKind::receive_backward: return post(rank, op, key(OpKind::input_gradient, stage + 1, j), false);
      case OpKind::reduce_gradient: return has_all_gradients(stage) && reduced_.insert(stage).second;
      case OpKind::step: return has_all_gradients(stage) && reduced_.contains(stage) && stepped_.insert(stage).second;
      default: return true;
    }
  }

  bool post(std::size_t rank, const Op& op, const Key& message, bool sends) {
    const int peer = peer_of(schedule_, op), self = static_cast<int>(rank);
    if (peer < 0 || peer == self) return false;
    if (sends)
      channels_[{self, peer}].sent.push_back(message);
    else
      channels_[{peer, self}].posted.push_back(message);
    return true;
  }

  bool has_all_gradients(int stage) const {
    for (int j = 0; j < schedule_.micro_batches; ++j)
      if (!computed_.contains(key(OpKind::weight_gradient, stage, j))) return false;
    return true;
  }

  const Schedule& schedule_;
  bool transfers_;
  bool spoilt_ = false;
  std::vector<std::set<Key>> known_;  // by rank
  std::set<Key> computed_;
  std::set<int> reduced_, stepped_;
  std::map<std::pair<int, int>, Channel> channels_;
};

std::size_t pick(std::size_t count, std::minstd_rand& random) { return random() / 7 % count; }

struct Spot {
  std::size_t rank, place;
};

// A random op for which the predicate holds.
std::optional<Spot> find(const Schedule& schedule, std::minstd_rand& random,
                         const std::function<bool(const Op&)>& wanted) {
  std::vector<Spot> spots;
  for (std::size_t rank = 0; rank < schedule.ranks.size(); ++rank)
    for (std::size_t place = 0; place < schedule.ranks[rank].size(); ++place)
      if (wanted(schedule.ranks[rank][place])) spots.push_back({rank, place});
  if (spots.empty()) return {};
  return spots[pick(spots.size(), random)];
}

// Takes a random op of some kinds out of the schedule.
bool drop(Schedule& schedule, std::minstd_rand& random, const std::function<bool(const Op&)>& wanted) {
  const auto spot = find(schedule, random, wanted);
  if (!spot) return false;
  auto& ops = schedule.ranks[spot->rank];
  ops.erase(ops.begin() + static_cast<std::ptrdiff_t>(spot->place));
  return true;
}

bool is_backward(OpKind kind) { return kind == OpKind::input_gradient || kind == OpKind::backward; }

// Whether `late` needs `early` done before, both on one rank.
bool needs(const Op& late, const Op& early) {
  if (late.micro_batch != early.micro_batch) return false;
  const int down = late.stage - early.stage;
  switch (late.kind) {
    case OpKind::forward:
      return early.kind == OpKind::forward ? down == 1 : early.kind == OpKind::receive_forward && !down;
    case OpKind::input_gradient:
    case OpKind::backward:
      if (is_backward(early.kind)) return down == -1;
      return !down && (early.kind == OpKind::forward || early.kind == OpKind::receive_backward);
    case OpKind::weight_gradient: return !down && early.kind == OpKind::input_gradient;
    case OpKind::send_forward: return !down && early.kind == OpKind::forward;
    case OpKind::send_backward: return !down && is_backward(early.kind);
    default: return false;
  }
}

bool swap_dependent(Schedule& schedule, std::minstd_rand& random) {
  std::vector<std::tuple<std::size_t, std::size_t, std::size_t>> pairs;
  for (std::size_t rank = 0; rank < schedule.ranks.size(); ++rank) {
    const auto& ops = schedule.ranks[rank];
    for (std::size_t late = 0; late < ops.size(); ++late)
      for (std::size_t early = 0; early < late; ++early)
        if (needs(ops[late], ops[early])) pairs.emplace_back(rank, early, late);
  }
  if (pairs.empty()) return false;
  const auto [rank, early, late] = pairs[pick(pairs.size(), random)];
  std::swap(schedule.ranks[rank][early], schedule.ranks[rank][late]);
  return true;
}

// Two sends of one channel change places, together with the ops whose results they carry standing before both.
bool cross_channel(Schedule& schedule, std::minstd_rand& random) {
  const auto first = find(schedule, random, [](const Op& op) { return is_send(op.kind); });
  if (!first) return false;
  auto& ops = schedule.ranks[first->rank];
  const Op send = ops[first->place];
  for (std::size_t other = first->place + 1; other < ops.size(); ++other) {
    if (!is_send(ops[other].kind) || peer_of(schedule, ops[other]) != peer_of(schedule, send)) continue;
    ops.erase(ops.begin() + static_cast<std::ptrdiff_t>(first->place));
    ops.insert(ops.begin() + static_cast<std::ptrdiff_t>(other), send);
    return true;
  }
  return false;
}

bool reassign(Schedule& schedule, std::minstd_rand& random) {
  if (schedule.rank_count() < 2) return false;
  int& rank = schedule.stage_ranks[pick(schedule.stage_ranks.size(), random)];
  rank = (rank + 1 + static_cast<int>(pick(schedule.ranks.size() - 1, random))) % schedule.rank_count();
  return true;
}

bool move_op(Schedule& schedule, std::minstd_rand& random) {
  const auto spot = find(schedule, random, [](const Op& op) { return is_compute(op.kind); });
  if (!spot || schedule.rank_count() < 2) return false;
  auto& from = schedule.ranks[spot->rank];
  auto& to = schedule.ranks[(spot->rank + 1) % schedule.ranks.size()];
  to.insert(to.begin() + static_cast<std::ptrdiff_t>(pick(to.size() + 1, random)), from[spot->place]);
  from.erase(from.begin() + static_cast<std::ptrdiff_t>(spot->place));
  return true;
}

bool duplicate(Schedule& schedule, std::minstd_rand& random) {
  const auto spot = find(schedule, random, [](const Op&) { return true; });
  if (!spot) return false;
  auto& ops = schedule.ranks[spot->rank];
  const Op op = ops[spot->place];
  ops.insert(ops.begin() + static_cast<std::ptrdiff_t>(pick(ops.size() + 1, random)), op);
  return true;
}

bool rename(Schedule& schedule, std::minstd_rand& random) {
  const auto spot = find(schedule, random, [](const Op& op) { return has_micro_batch(op.kind); });
  if (!spot) return false;
  schedule.ranks[spot->rank][spot->place].micro_batch += schedule.micro_batches;
  return true;
}

// The first rank waits for the last micro-batch's gradient before it begins that micro-batch's forward elsewhere: two
// ranks then wait for each other, although each list alone is in order.
bool deadlock(Schedule& schedule, std::minstd_rand&) {
  if (has_transfers(schedule) || schedule.micro_batches < 2) return false;
  const int first = schedule.stage_ranks.front();
  std::size_t second = 1;
  while (second < schedule.stage_ranks.size() && schedule.stage_ranks[second] == first) ++second;
  if (second != 1 || second == schedule.stage_ranks.size()) return false;
  for (const int stage : schedule.stage_ranks)
    if (std::ranges::count(schedule.stage_ranks, stage) != 1) return false;
  const int last = schedule.micro_batches - 1, next = schedule.stage_ranks[1];
  const auto order = [&](int rank, int stage, int early, int late) {
    auto& ops = schedule.ranks[static_cast<std::size_t>(rank)];
    ops.clear();
    for (const int j : {early, late})
      ops.insert(ops.end(), {{OpKind::forward, stage, j}, {OpKind::backward, stage, j}});
    for (int j = 0; j < schedule.micro_batches; ++j)
      if (j != early && j != late) ops.insert(ops.end(), {{OpKind::forward, stage, j}, {OpKind::backward, stage, j}});
  };
  order(first, 0, 0, last);
  order(next, 1, last, 0);
  return true;
}

}  // namespace

bool executes(const Schedule& schedule) { return Executor(schedule).run(); }

const std::vector<Seed>& seeds() {
  using Random = std::minstd_rand;
  static const std::vector<Seed> all = {
      {"swap two dependent ops", FaultKind::order, swap_dependent},
      {"drop a receive", FaultKind::missing,
       [](Schedule& s, Random& r) { return drop(s, r, [](const Op& op) { return is_receive(op.kind); }); }},
      {"drop a send", FaultKind::missing,
       [](Schedule& s, Random& r) { return drop(s, r, [](const Op& op) { return is_send(op.kind); }); }},
      {"drop F", FaultKind::missing,
       [](Schedule& s, Random& r) { return drop(s, r, [](const Op& op) { return op.kind == OpKind::forward; }); }},
      {"drop I or B", FaultKind::missing,
       [](Schedule& s, Random& r) { return drop(s, r, [](const Op& op) { return is_backward(op.kind); }); }},
      {"drop W", FaultKind::missing,
       [](Schedule& s, Random& r) {
         return drop(s, r, [](const Op& op) { return op.kind == OpKind::weight_gradient; });
       }},
      {"cross two sends", FaultKind::channel, cross_channel},
      {"reassign a stage", FaultKind::misplaced, reassign},
      {"move an op to another rank", FaultKind::misplaced, move_op},
      {"do an op twice", FaultKind::duplicate, duplicate},
      {"a micro-batch that is not there", FaultKind::foreign, rename},
      {"let two ranks wait for each other", FaultKind::deadlock, deadlock},
  };
  return all;
}

Schedule random_schedule(int ranks, int stages, int micro_batches, std::minstd_rand& random) {
  Schedule schedule;
  schedule.name = "random";
  schedule.micro_batches = micro_batches;
  schedule.ranks.resize(static_cast<std::size_t>(ranks));
  for (int stage = 0; stage < stages; ++stage)
    schedule.stage_ranks.push_back(static_cast<int>(pick(static_cast<std::size_t>(ranks), random)));
  // Each micro-batch goes F0 … F(S-1) and then I or B, S-1 … 0; a W may come any time after its I.
  std::vector<int> progress(static_cast<std::size_t>(micro_batches), 0);
  std::vector<Op> put_off;
  const int all = 2 * stages;
  int left = all * micro_batches;
  while (left > 0 || !put_off.empty()) {
    const auto append = [&](const Op& op) {
      schedule.ranks[static_cast<std::size_t>(schedule.stage_ranks[static_cast<std::size_t>(op.stage)])].push_back(op);
    };
    if (!put_off.empty() && (left == 0 || pick(3, random) == 0)) {
      const std::size_t which = pick(put_off.size(), random);
      append(put_off[which]);
      put_off.erase(put_off.begin() + static_cast<std::ptrdiff_t>(which));
      continue;
    }
    const std::size_t j = pick(progress.size(), random);
    int& at = progress[j];
    if (at == all) continue;
    const int stage = at < stages ? at : all - 1 - at, micro_batch = static_cast<int>(j);
    const bool joins = at >= stages && pick(2, random) == 0;
    const OpKind kind = at < stages ? OpKind::forward : joins ? OpKind::backward : OpKind::input_gradient;
    append({kind, stage, micro_batch});
    if (kind == OpKind::input_gradient) put_off.push_back({OpKind::weight_gradient, stage, micro_batch});
    ++at;
    --left;
  }
  return schedule;
}

std::vector<double> peaks(const Schedule& schedule, const std::vector<StageCost>& stages) {
  std::vector<double> all;
  for (const auto& ops : schedule.ranks) {
    double held = 0, most = 0;
    for (const Op& op : ops)
      most = std::max(most, held += memory_change(stages[static_cast<std::size_t>(op.stage)], op.kind));
    all.push_back(most);
  }
  return all;
}

}  // namespace athanor::parallel::test
