// The schedules of two chunks placed as a V: chunk 0 of rank r is stage r, chunk 1 stage 2p-1-r.
#include "core/parallel/generate.h"
#include "core/parallel/generate_detail.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <utility>

namespace athanor::parallel {
namespace {

constexpr int kKinds = 3;  // F, I, W: the first values of OpKind

// Appends ops of one rank, each with the next micro-batch of its kind and chunk.
class Rank {
 public:
  Rank(Schedule& schedule, int rank, int planned)
      : ops_(schedule.ranks[static_cast<std::size_t>(rank)]),
        stages_{rank, schedule.stage_count() - 1 - rank},
        micro_batches_(schedule.micro_batches),
        planned_(planned) {}

  void forward(int chunk) { add(OpKind::forward, chunk); }
  void input(int chunk) { add(OpKind::input_gradient, chunk); }
  void weight(int chunk) { add(OpKind::weight_gradient, chunk); }
  void backward(int chunk) {
    input(chunk);
    weight(chunk);
  }
  [[nodiscard]] int left(OpKind kind, int chunk) const {
    return planned_ - done_[chunk * kKinds + static_cast<int>(kind)];
  }

 private:
  void add(OpKind kind, int chunk) {
    // Micro-batches beyond the last are planned but left out.
    const int micro_batch = done_[chunk * kKinds + static_cast<int>(kind)]++;
    if (micro_batch < micro_batches_) ops_.push_back({kind, stages_[chunk], micro_batch});
  }

  std::vector<Op>& ops_;
  int stages_[2];
  int micro_batches_, planned_;
  int done_[2 * kKinds] = {};
};

void append_zb_v(Rank rank, int p, int r) {
  const auto times = [](int count, auto&& work) {
    for (int i = 0; i < count; ++i) work();
  };
  times(2 * (p - r) - 1, [&] { rank.forward(0); });
  times(r, [&] { rank.forward(1), rank.forward(0); });
  times(p - r, [&] { rank.forward(1), rank.backward(1); });
  while (rank.left(OpKind::forward, 0) > 0 || rank.left(OpKind::forward, 1) > 0) {
    if (rank.left(OpKind::forward, 0) > 0) rank.forward(0);
    rank.backward(0);
    if (rank.left(OpKind::forward, 1) > 0) rank.forward(1);
    rank.backward(1);
  }
  times(r, [&] { rank.input(0), rank.input(1); });
  times(p - r, [&] { rank.backward(0); });
  for (const int chunk : {1, 0}) times(rank.left(OpKind::weight_gradient, chunk), [&] { rank.weight(chunk); });
}

// A building block: how many slots later the next rank down does F of chunk 0 and I of chunk 1, the next rank up F of
// chunk 1 and I of chunk 0, and when the last rank begins F of chunk 1, rank 0 I of chunk 1, the last I of chunk 0.
struct Block {
  int down, up;
  int turn, loss, back;
};

constexpr int kInterval = 2 * kKinds;  // slots, one for each of F, I and W of both chunks

// When a rank does its ops of micro-batch 0, by chunk.
struct Due {
  std::array<int, 2> forward, input, weight;

  [[nodiscard]] int life() const { return weight[0] - forward[0] + weight[1] - forward[1]; }
};

// Nothing where two ops fall into the same slot, so that blocks cannot begin every interval.
std::optional<Due> due_of(const Block& block, int p, int r) {
  const int upwards = (p - 1 - r) * block.up;
  Due due{{r * block.down, block.turn + upwards}, {block.back + upwards, block.loss + r * block.down}, {}};
  unsigned taken = 0;
  for (const int time : {due.forward[0], due.forward[1], due.input[0], due.input[1]}) taken |= 1u << (time % kInterval);
  if (std::popcount(taken) < 4) return {};
  for (const std::size_t chunk : {1, 0}) {
    int& time = due.weight[chunk] = due.input[chunk] + 1;
    while ((taken >> (time % kInterval) & 1u) != 0) ++time;
    taken |= 1u << (time % kInterval);
  }
  return due;
}

// The corners without collisions that keep activations for the shortest time on the rank that keeps them longest.
Block fit_block(int p, int down, int up) {
  const int across = (p - 1) * down + 1, home = (p - 1) * up + 1;
  Block best{};
  int shortest = std::numeric_limits<int>::max();
  for (int turn = across; turn < across + kInterval; ++turn)
    for (int loss = turn + home; loss < turn + home + kInterval; ++loss)
      for (int back = loss + across; back < loss + across + kInterval; ++back) {
        const Block block{down, up, turn, loss, back};
        int longest = 0;
        for (int r = 0; r < p; ++r) {
          const auto due = due_of(block, p, r);
          longest = due ? std::max(longest, due->life()) : shortest;
        }
        if (longest >= shortest) continue;
        shortest = longest;
        best = block;
      }
  return best;
}

// The ops of micro-batch j stand where the block begun at 6 j puts them.
Schedule repeat_block(const char* name, int p, int m, int down, int up) {
  Schedule schedule = detail::empty_schedule(name, Placement::v, p, 2, m);
  const Block block = fit_block(p, down, up);
  for (int r = 0; r < p; ++r) {
    const Due due = *due_of(block, p, r);
    std::vector<std::pair<int, Op>> timed;
    for (int j = 0; j < m; ++j)
      for (const std::size_t chunk : {0, 1}) {
        const int begin = j * kInterval, stage = chunk == 0 ? r : 2 * p - 1 - r;
        timed.push_back({begin + due.forward[chunk], {OpKind::forward, stage, j}});
        timed.push_back({begin + due.input[chunk], {OpKind::input_gradient, stage, j}});
        timed.push_back({begin + due.weight[chunk], {OpKind::weight_gradient, stage, j}});
      }
    std::ranges::sort(timed, {}, &std::pair<int, Op>::first);
    for (const auto& [time, op] : timed) schedule.ranks[static_cast<std::size_t>(r)].push_back(op);
  }
  return schedule;
}

}  // namespace

Schedule zb_v(int ranks, int micro_batches) {
  Schedule schedule = detail::empty_schedule("zb-v", Placement::v, ranks, 2, micro_batches);
  for (int r = 0; r < ranks; ++r) append_zb_v(Rank(schedule, r, std::max(2 * ranks - 1, micro_batches)), ranks, r);
  return schedule;
}

Schedule v_half(int ranks, int micro_batches) { return repeat_block("v-half", ranks, micro_batches, 2, 1); }
Schedule v_min(int ranks, int micro_batches) { return repeat_block("v-min", ranks, micro_batches, 1, 1); }

}  // namespace athanor::parallel
