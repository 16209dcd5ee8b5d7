// Ranks that have an emulated device each: what goes from device to device has the bits of what goes through the host,
// and what goes wrong has a name.
#include "tests/core/comm/ranks.h"

#include "core/comm/gpu_links.h"
#include "core/memory/stream.h"
#include "core/tensor/context.h"
#include "kernels/base/error.h"
#include "tests/gpu/emulation/nccl.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace athanor::comm {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;

GroupOptions within(std::chrono::milliseconds timeout) {
  GroupOptions options;
  options.timeout = timeout;
  return options;
}
GroupOptions patient() { return within(20s); }

// A rank with a device of its own.
struct Rank {
  explicit Rank(Group& group)
      : ranks(group.world()),
        links(nccl_links(ranks.rank(), fmt::format("bus {}", ranks.rank()))),
        context({.device = {DeviceKind::cuda, ranks.rank()}}) {}

  void meet() { ASSERT_TRUE(ranks.meet_on_gpus(links)); }
  [[nodiscard]] Tensor on_device(const std::vector<float>& numbers) {
    const Tensor tensor = context.upload(numbers, {static_cast<std::int64_t>(numbers.size())});
    ranks.after(context.stream().mark());
    return tensor;
  }

  Communicator& ranks;
  std::shared_ptr<GpuLinks> links;
  Context context;
};

// Of several sizes, so that each other order of adding them has other bits.
std::vector<float> numbers_of(int rank, std::int64_t count) {
  std::mt19937 random(static_cast<unsigned>(rank + 1));
  std::vector<float> numbers(static_cast<std::size_t>(count));
  for (float& number : numbers)
    number = std::ldexp(static_cast<float>(random()) / 4e9F - 0.5F, static_cast<int>(random() % 20));
  return numbers;
}

Endings run(int size, const GroupOptions& options, const std::function<void(Group&)>& work) {
  return run_ranks(Kind::threads, size, options, work);
}

class RanksOnGpus : public ::testing::TestWithParam<int> {
 protected:
  ~RanksOnGpus() override { EXPECT_EQ(emulation::nccl_counts().ends, 0) << "an end of a link is left"; }
};
INSTANTIATE_TEST_SUITE_P(Sizes, RanksOnGpus, ::testing::Values(2, 3, 4, 7), ::testing::PrintToStringParamName());

// A few numbers at once, and many in pieces.
TEST_P(RanksOnGpus, ReduceToTheBitsOfTheHost) {
  EXPECT_THAT(run(GetParam(), patient(),
                  [](Group& group) {
                    Rank rank(group);
                    rank.meet();
                    for (const std::int64_t count : {1, 1000, 20011})
                      for (const Reduce reduce : {Reduce::sum, Reduce::max, Reduce::min}) {
                        std::vector<float> host = numbers_of(rank.ranks.rank(), count);
                        const Tensor device = rank.on_device(host);
                        rank.ranks.all_reduce(view_of(host), reduce);
                        rank.ranks.all_reduce(device.view(), reduce);
                        EXPECT_EQ(rank.context.download(device), host) << to_string(reduce) << " of " << count;
                      }
                  }),
              Each(""));
}

TEST_P(RanksOnGpus, MoveNumbersAsOnTheHost) {
  EXPECT_THAT(
      run(GetParam(), patient(),
          [](Group& group) {
            Rank rank(group);
            rank.meet();
            const int size = rank.ranks.size(), self = rank.ranks.rank();
            const auto expect_same = [&](const char* what, const Tensor& device, const std::vector<float>& host) {
              EXPECT_EQ(rank.context.download(device), host) << what;
            };
            constexpr std::int64_t kEach = 5000;
            std::vector<float> all = numbers_of(self, kEach * size), out(kEach), gathered(all.size());
            Tensor in = rank.on_device(all), to = rank.context.empty({kEach}), whole = rank.context.empty(in.shape());
            rank.ranks.reduce_scatter(view_of(all), view_of(out));
            rank.ranks.reduce_scatter(in.view(), to.view());
            expect_same("reduce_scatter", to, out);
            rank.ranks.all_gather(view_of(out), view_of(gathered));
            rank.ranks.all_gather(to.view(), whole.view());
            expect_same("all_gather", whole, gathered);
            rank.ranks.all_to_all(view_of(all), view_of(gathered));
            rank.ranks.all_to_all(in.view(), whole.view());
            expect_same("all_to_all", whole, gathered);

            std::vector<Piece> pieces;
            for (std::int64_t begin = 0, peer = 0; peer < size; begin += 1000 * peer++)
              pieces.push_back({begin, 1000 * peer});  // the first has none
            const auto own = static_cast<std::size_t>(pieces[static_cast<std::size_t>(self)].begin);
            rank.ranks.reduce_scatter(view_of(all), pieces);
            rank.ranks.reduce_scatter(in.view(), pieces);
            EXPECT_EQ(rank.context.download(in)[own], all[own]);
            rank.ranks.all_gather(view_of(all), pieces);
            rank.ranks.all_gather(in.view(), pieces);
            const std::vector<float> found = rank.context.download(in);
            const auto end = pieces.back().begin + pieces.back().count;
            EXPECT_TRUE(std::equal(found.begin(), found.begin() + end, all.begin())) << "pieces";

            for (const std::int64_t count : {3, 40000}) {
              std::vector<float> told = numbers_of(self, count);
              const Tensor device = rank.on_device(told);
              rank.ranks.broadcast(view_of(told), size - 1);
              rank.ranks.broadcast(device.view(), size - 1);
              expect_same("broadcast", device, told);
            }
            if (self == 0) {
              rank.ranks.send(view_of(all), size - 1);
              rank.ranks.send(in.view(), size - 1);
            } else if (self == size - 1) {
              rank.ranks.receive(view_of(gathered), 0);
              rank.ranks.receive(whole.view(), 0);
              const std::vector<float> received = rank.context.download(whole);
              EXPECT_TRUE(std::equal(received.begin(), received.begin() + end, gathered.begin())) << "receive";
            }
          }),
      Each(""));
}

TEST(GpusOfRanks, WaitForWhatStillHasToBeComputed) {
  EXPECT_THAT(run(2, patient(),
                  [](Group& group) {
                    Rank rank(group);
                    rank.meet();
                    const Tensor device = rank.context.empty({1000});
                    rank.context.copy(rank.context.full({1000}, 3.0F), device);
                    EXPECT_TRUE(std::isnan(static_cast<const float*>(device.view().data)[0]))
                        << "the copy did not wait";
                    rank.ranks.after(rank.context.stream().mark());
                    rank.ranks.all_reduce(device.view());
                    EXPECT_THAT(rank.context.download(device), Each(6.0F));
                  }),
              Each(""));
}

// Each with links of its own, which come together with the first call.
TEST(GpusOfRanks, StayThereInTheGroupsTheyAreSplitInto) {
  EXPECT_THAT(run(4, patient(),
                  [](Group& group) {
                    Rank rank(group);
                    rank.meet();
                    EXPECT_EQ(emulation::nccl_counts().ends, 0);
                    const int self = rank.ranks.rank();
                    const auto pair = rank.ranks.split(self / 2, self);
                    ASSERT_TRUE(pair->is_on_gpus());
                    const Tensor device = rank.on_device({static_cast<float>(self)});
                    pair->after(rank.context.stream().mark());
                    if (self % 2 == 0)
                      pair->send(device.view(), 1);
                    else
                      pair->receive(device.view(), 0);
                    EXPECT_THAT(rank.context.download(device), Each(static_cast<float>(self / 2 * 2)));
                    rank.ranks.all_reduce(device.view());
                    EXPECT_THAT(rank.context.download(device), Each(4.0F));
                  }),
              Each(""));
  EXPECT_EQ(emulation::nccl_counts().ends, 0);
}

TEST(GpusOfRanks, SendTheFewestBytesAndCountThem) {
  constexpr std::int64_t kCount = 40000;
  EXPECT_THAT(run(4, patient(),
                  [](Group& group) {
                    Rank rank(group);
                    rank.meet();
                    const Tensor device = rank.on_device(numbers_of(rank.ranks.rank(), kCount));
                    rank.ranks.all_reduce(device.view());  // the ends of the link come together
                    const Traffic before = rank.ranks.traffic();
                    rank.ranks.all_reduce(device.view());
                    const Traffic after = rank.ranks.traffic();
                    EXPECT_EQ(after.payload_bytes - before.payload_bytes, 2 * 3 * kCount * 4 / 4);
                  }),
              Each(""));
}

TEST(GpusOfRanks, MeetOnlyWhereEachHasOneOfItsOwn) {
  for (const bool shared : {true, false})
    EXPECT_THAT(run(3, patient(),
                    [shared](Group& group) {
                      const int rank = group.world().rank();
                      std::shared_ptr<GpuLinks> links = nccl_links(0, fmt::format("bus {}", shared ? rank / 2 : rank));
                      if (!shared && rank == 1) links = nullptr;
                      EXPECT_FALSE(group.world().meet_on_gpus(links));
                      EXPECT_FALSE(group.world().is_on_gpus());
                      std::vector<float> numbers(10, 1.0F);
                      group.world().all_reduce(view_of(numbers));
                      EXPECT_THAT(numbers, Each(3.0F));
                    }),
                Each(""));
  EXPECT_EQ(emulation::nccl_counts().ends, 0);
}

TEST(GpusOfRanks, TellWhoIsInAnotherCallBeforeNumbersGo) {
  const auto endings = run(3, patient(), [](Group& group) {
    Rank rank(group);
    rank.meet();
    const Tensor device = rank.on_device(std::vector<float>(rank.ranks.rank() == 1 ? 3000 : 6000, 1.0F));
    rank.ranks.all_reduce(device.view());
  });
  for (const std::string& ending : endings)
    EXPECT_THAT(ending, AllOf(HasSubstr("rank 1 is in all_reduce of 12000 bytes"), HasSubstr("24000 bytes")));
}

TEST(GpusOfRanks, TellWhoHasNotCome) {
  const auto endings = run(3, within(500ms), [](Group& group) {
    Rank rank(group);
    rank.meet();
    const Tensor device = rank.on_device(std::vector<float>(6000, 1.0F));
    if (rank.ranks.rank() == 2) {
      group.board().enter_section("data");
      std::this_thread::sleep_for(2s);
    }
    rank.ranks.all_reduce(device.view());
  });
  EXPECT_THAT(endings[0], AllOf(HasSubstr("rank 2"), HasSubstr("all_reduce of 24000 bytes"), HasSubstr("data")));
}

// After all had said that they come.
TEST(GpusOfRanks, HearOfOneThatIsLostWhileNumbersAreUnderWay) {
  const int aborted = emulation::nccl_counts().aborted;
  const auto endings = run(2, patient(), [aborted](Group& group) {
    Rank rank(group);
    rank.meet();
    const Tensor device = rank.on_device({1, 2, 3});
    rank.ranks.all_reduce(device.view());
    if (rank.ranks.rank() == 1) emulation::break_nccl_of(1);
    try {
      rank.ranks.all_reduce(device.view());
    } catch (const Failure&) {
      if (rank.ranks.rank() == 0) {
        EXPECT_EQ(emulation::nccl_counts().aborted, aborted + 2);
      }
      throw;
    }
  });
  emulation::break_nccl_of(-1);
  for (const std::string& ending : endings) EXPECT_THAT(ending, HasSubstr("the network card is gone"));
  EXPECT_EQ(emulation::nccl_counts().ends, 0);
}

// A fault of its own that is none of communication.
TEST(GpusOfRanks, HearOfOneThatCannotGoOn) {
  const auto begin = std::chrono::steady_clock::now();
  const auto endings = run(2, patient(), [](Group& group) {
    Rank rank(group);
    rank.meet();
    const Tensor device = rank.on_device(std::vector<float>(6000, 1.0F));
    rank.ranks.barrier();
    if (rank.ranks.rank() == 1) emulation::refuse_memory_on(1);
    rank.ranks.all_reduce(device.view());
  });
  emulation::refuse_memory_on(-1);
  EXPECT_THAT(endings[1], HasSubstr("bytes for what is received"));
  EXPECT_THAT(endings[0], HasSubstr("rank 1 could not go on: Could not exchange numbers between GPUs"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s) << "rank 0 has waited for its deadline";
  EXPECT_EQ(emulation::nccl_counts().ends, 0);
}

TEST(GpusOfRanks, SayWhatNcclSaysOfItsFault) {
  emulation::break_nccl_of(1);
  const auto endings = run(2, patient(), [](Group& group) {
    Rank rank(group);
    rank.meet();
    const Tensor device = rank.on_device({1, 2, 3});
    rank.ranks.all_reduce(device.view());
  });
  emulation::break_nccl_of(-1);
  EXPECT_THAT(endings[1], AllOf(HasSubstr("unhandled system error"), HasSubstr("NCCL 2.28.9"),
                                HasSubstr("the network card is gone"), HasSubstr("NCCL_DEBUG")));
  EXPECT_THAT(endings[0], HasSubstr("the network card is gone"));
  EXPECT_EQ(emulation::nccl_counts().ends, 0);
}

}  // namespace
}  // namespace athanor::comm
