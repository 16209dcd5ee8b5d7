// Every collective on 1 to 9 ranks, as threads and as processes.
#include "core/comm/combine.h"
#include "tests/core/comm/ranks.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace athanor::comm {
namespace {

using testing::Each;

// Of very different sizes, so that the order of sums shows.
std::vector<float> numbers(int rank, std::size_t count, unsigned seed = 0) {
  std::uint32_t state = 747796405U * (seed * 64 + static_cast<unsigned>(rank) + 1);
  std::vector<float> out(count);
  for (float& each : out) {
    state = state * 1664525U + 1013904223U;
    each =
        std::ldexp(static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-31F, static_cast<int>(state >> 9 & 15U));
  }
  return out;
}

std::vector<float> sum_of(int size, std::size_t count, unsigned seed = 0, Reduce reduce = Reduce::sum) {
  std::vector<std::vector<float>> rows;
  std::vector<const std::byte*> parts;
  for (int rank = 0; rank < size; ++rank) rows.push_back(numbers(rank, count, seed));
  for (const auto& row : rows) parts.push_back(reinterpret_cast<const std::byte*>(row.data()));
  std::vector<float> out(count);
  combine(parts, reinterpret_cast<std::byte*>(out.data()), static_cast<std::int64_t>(count), DType::f32, reduce);
  return out;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

struct Case {
  Kind kind;
  int size;
};
class Collectives : public testing::TestWithParam<Case> {
 protected:
  void run(const std::function<void(Group&)>& work) {
    EXPECT_THAT(run_ranks(GetParam().kind, GetParam().size, {}, work), Each(""));
  }
};
INSTANTIATE_TEST_SUITE_P(Ranks, Collectives,
                         testing::Values(Case{Kind::threads, 1}, Case{Kind::threads, 2}, Case{Kind::threads, 3},
                                         Case{Kind::threads, 4}, Case{Kind::threads, 7}, Case{Kind::threads, 9},
                                         Case{Kind::threads, 32}, Case{Kind::processes, 2}, Case{Kind::processes, 3},
                                         Case{Kind::processes, 4}, Case{Kind::processes, 8}),
                         [](const auto& each) {
                           return fmt::format("{}{}", to_string(each.param.kind), each.param.size);
                         });

TEST_P(Collectives, AllReduceGivesEveryRankTheBitsOfTheTree) {
  run([](Group& group) {
    Communicator& world = group.world();
    unsigned seed = 0;
    const std::size_t long_one = world.size() <= 4 ? 300001 : 40001;  // several segments of each piece
    for (const std::size_t count : {std::size_t{1}, std::size_t{5}, std::size_t{17}, std::size_t{4099}, long_one}) {
      for (const Reduce reduce : {Reduce::sum, Reduce::max, Reduce::min}) {
        auto mine = numbers(world.rank(), count, ++seed);
        world.all_reduce(view_of(mine), reduce);
        require(same_bits(mine, sum_of(world.size(), count, seed, reduce)),
                fmt::format("{} of {}", to_string(reduce), count));
      }
    }
  });
}

TEST_P(Collectives, ReduceScatterGivesEachRankItsPiece) {
  run([](Group& group) {
    Communicator& world = group.world();
    for (const std::size_t each :
         {std::size_t{1}, std::size_t{100}, std::size_t{40011} / static_cast<std::size_t>(world.size())}) {
      auto all = numbers(world.rank(), each * static_cast<std::size_t>(world.size()), 3);
      const auto want = sum_of(world.size(), all.size(), 3);
      std::vector<float> piece(each);
      world.reduce_scatter(view_of(all), view_of(piece));
      const auto begin = want.begin() + static_cast<std::ptrdiff_t>(each) * world.rank();
      require(same_bits(piece, {begin, begin + static_cast<std::ptrdiff_t>(each)}), fmt::format("pieces of {}", each));
    }
  });
}

TEST_P(Collectives, ReduceScatterAndAllGatherTakePiecesOfAnyLengthInPlace) {
  run([](Group& group) {
    Communicator& world = group.world();
    for (const std::int64_t count : {7, 5000, 300000}) {
      // Of rank after rank more, from the end of the array on; the first one's is empty.
      std::vector<Piece> pieces;
      std::int64_t end = count;
      for (int rank = 0; rank < world.size(); ++rank) {
        const std::int64_t some = rank + 1 == world.size() ? end : std::min<std::int64_t>(end, rank * count / 10);
        pieces.push_back({end -= some, some});
      }
      auto all = numbers(world.rank(), static_cast<std::size_t>(count), 11);
      const auto want = sum_of(world.size(), all.size(), 11);
      world.reduce_scatter(view_of(all), pieces);
      const Piece mine = pieces[static_cast<std::size_t>(world.rank())];
      const auto part = [&](const std::vector<float>& from) {
        return std::vector<float>(from.begin() + mine.begin, from.begin() + mine.begin + mine.count);
      };
      require(same_bits(part(all), part(want)), fmt::format("the own piece of {}", count));
      world.all_gather(view_of(all), pieces);
      require(same_bits(all, want), fmt::format("all of {}", count));
    }
  });
}

TEST_P(Collectives, AllGatherAndAllToAllMovePiecesToTheirPlaces) {
  run([](Group& group) {
    Communicator& world = group.world();
    const auto size = static_cast<std::size_t>(world.size());
    for (const std::size_t each : {1U, 33U, 50000U}) {
      auto mine = numbers(world.rank(), each, 5);
      std::vector<float> all(each * size);
      world.all_gather(view_of(mine), view_of(all));
      for (std::size_t peer = 0; peer < size; ++peer) {
        const auto at = all.begin() + static_cast<std::ptrdiff_t>(peer * each);
        require(same_bits({at, at + static_cast<std::ptrdiff_t>(each)}, numbers(static_cast<int>(peer), each, 5)),
                "gathered");
      }
      std::vector<float> out(each * size);
      world.all_to_all(view_of(all), view_of(out));
      for (std::size_t i = 0; i < out.size(); ++i) {
        require(out[i] == all[static_cast<std::size_t>(world.rank()) * each + i % each],
                "piece of this rank from everyone");
      }
    }
  });
}

TEST_P(Collectives, BroadcastComesFromItsRoot) {
  run([](Group& group) {
    Communicator& world = group.world();
    for (const std::size_t count : {1U, 100U, 70001U}) {
      for (int root = 0; root < world.size(); ++root) {
        auto data = numbers(world.rank(), count, 9);
        world.broadcast(view_of(data), root);
        require(same_bits(data, numbers(root, count, 9)), fmt::format("{} from {}", count, root));
      }
    }
  });
}

TEST_P(Collectives, MessagesKeepTheirOrderBesideCollectives) {
  run([](Group& group) {
    Communicator& world = group.world();
    const int next = (world.rank() + 1) % world.size();
    const int before = (world.rank() + world.size() - 1) % world.size();
    if (world.size() == 1) return;
    for (int round = 0; round < 20; ++round) {
      std::vector<float> out(static_cast<std::size_t>(1 + round * 500), static_cast<float>(100 * world.rank() + round));
      std::vector<float> in(out.size());
      // Half of the ranks send first, so that no circle of waits arises for messages beyond what a ring holds.
      if (world.rank() % 2 == 0) {
        world.send(view_of(out), next);
        world.receive(view_of(in), before);
      } else {
        world.receive(view_of(in), before);
        world.send(view_of(out), next);
      }
      require(in.front() == static_cast<float>(100 * before + round) && in.back() == in.front(),
              "the message of this round");
      std::vector<std::int64_t> count = {1};
      world.all_reduce(view_of(count));
      require(count[0] == world.size(), "a collective in between");
    }
    world.barrier();
  });
}

TEST_P(Collectives, SplitMakesGroupsThatDoNotDisturbEachOther) {
  run([](Group& group) {
    Communicator& world = group.world();
    const auto half = world.split(world.rank() % 2, -world.rank());  // the highest rank first
    const auto even_only = world.split(world.rank() % 2 == 0 ? 7 : -1, 0);
    require((even_only == nullptr) == (world.rank() % 2 == 1), "a negative color takes no part");
    std::vector<std::int64_t> members(static_cast<std::size_t>(half->size()));
    std::vector<std::int64_t> mine = {world.rank()};
    half->all_gather(view_of(mine), view_of(members));
    for (std::size_t i = 0; i < members.size(); ++i) {
      require(members[i] % 2 == world.rank() % 2, "only ranks of the color");
      if (i > 0) require(members[i] < members[i - 1], "ordered by key");
    }
    if (even_only) {
      std::vector<std::int64_t> count = {1};
      even_only->all_reduce(view_of(count));
      require(count[0] == (world.size() + 1) / 2, "all even ranks");
    }
    world.barrier();
  });
}

TEST_P(Collectives, CountExactlyTheBytesTheySend) {
  run([](Group& group) {
    Communicator& world = group.world();
    const std::int64_t size = world.size();
    constexpr std::int64_t kEach = 3000;
    std::vector<float> all(static_cast<std::size_t>(kEach * size));
    std::vector<float> piece(kEach);
    const Traffic before = world.traffic();
    world.reduce_scatter(view_of(all), view_of(piece));
    const Traffic scattered = world.traffic();
    require(scattered.payload_bytes - before.payload_bytes == 4 * kEach * (size - 1), "(P-1)/P of the array");
    world.all_gather(view_of(piece), view_of(all));
    const Traffic gathered = world.traffic();
    require(gathered.payload_bytes - scattered.payload_bytes == 4 * kEach * (size - 1), "the piece to everyone");
    require(gathered.messages - scattered.messages == size - 1, "one message to each");
    require(gathered.overhead_bytes - scattered.overhead_bytes == 24 * (size - 1), "one stamp a message");
    std::vector<float> data(static_cast<std::size_t>(16 * 1000 * size));
    world.all_reduce(view_of(data));
    require(world.traffic().payload_bytes - gathered.payload_bytes == 2 * 4 * 16 * 1000 * (size - 1),
            "2 (P-1)/P of the array");
  });
}

}  // namespace
}  // namespace athanor::comm
