// Ranks over TCP, and on several hosts at once. Each test has a loopback interface of its own, in a network namespace.
#include "core/comm/combine.h"
#include "kernels/base/error.h"
#include "tests/core/comm/ranks.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <net/if.h>
#include <sched.h>
#include <span>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace athanor::comm {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

void expect_of_all_but_1(const Endings& endings, const testing::Matcher<const std::string&>& what) {
  for (std::size_t rank = 0; rank < endings.size(); ++rank) {
    if (rank == 1) continue;
    EXPECT_THAT(endings[rank], what) << rank;
  }
}

// An `lo` that does not swallow 64 KiB at once, up or down.
bool set_loopback(bool is_up) {
  const int control = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  request.ifr_mtu = 1500;
  bool good = ::ioctl(control, SIOCSIFMTU, &request) == 0;
  request.ifr_flags = static_cast<short>(is_up ? IFF_UP | IFF_RUNNING : 0);
  good = ::ioctl(control, SIOCSIFFLAGS, &request) == 0 && good;
  ::close(control);
  return good;
}

// False where a namespace is not allowed.
bool own_network() {
  static const bool made = ::unshare(CLONE_NEWNET) == 0 && set_loopback(true);
  return made;
}

class Network : public testing::TestWithParam<std::vector<std::string>> {
 protected:
  void SetUp() override {
    if (!own_network()) GTEST_SKIP() << "a network namespace needs root";
  }
  static std::unique_ptr<Group> join(const std::string& folder, int rank, const GroupOptions& options) {
    // What is in a host's memory is seen by no other.
    const std::string memory = folder + "/" + GetParam()[static_cast<std::size_t>(rank)];
    std::filesystem::create_directory(memory);
    return join_hosts(comm::Network{folder, "", "127.0.0.1"}, memory, GetParam(), rank, options);
  }
  static Endings run(const GroupOptions& options, const std::function<void(Group&)>& work) {
    return run_processes(static_cast<int>(GetParam().size()), [&](const std::string& folder, int rank) {
      const auto group = join(folder, rank, options);
      work(*group);
    });
  }
};
INSTANTIATE_TEST_SUITE_P(Hosts, Network,
                         testing::Values(std::vector<std::string>{"a", "b"}, std::vector<std::string>{"a", "b", "c"},
                                         std::vector<std::string>{"a", "a", "b", "b"},
                                         std::vector<std::string>{"a", "b", "a", "c", "b"}),
                         [](const auto& each) { return fmt::format("{}", fmt::join(each.param, "")); });

// These wait until a deadline has passed.
class NetworkDeadline : public Network {};
INSTANTIATE_TEST_SUITE_P(Hosts, NetworkDeadline,
                         testing::Values(std::vector<std::string>{"a", "b"},
                                         std::vector<std::string>{"a", "b", "a", "c", "b"}),
                         [](const auto& each) { return fmt::format("{}", fmt::join(each.param, "")); });

TEST_P(Network, AllReduceGivesEveryRankTheBitsOfTheTree) {
  const auto endings = run({}, [](Group& group) {
    Communicator& world = group.world();
    for (const std::size_t count : {1U, 1000U, 100000U}) {
      std::vector<std::vector<float>> rows(static_cast<std::size_t>(world.size()), std::vector<float>(count));
      std::vector<const std::byte*> parts;
      for (std::size_t rank = 0; rank < rows.size(); ++rank) {
        for (std::size_t i = 0; i < count; ++i)
          rows[rank][i] = 1.0f / static_cast<float>(1 + (i * 7 + rank * 13) % 1009);
        parts.push_back(reinterpret_cast<const std::byte*>(rows[rank].data()));
      }
      std::vector<float> want(count);
      combine(parts, reinterpret_cast<std::byte*>(want.data()), static_cast<std::int64_t>(count), DType::f32,
              Reduce::sum);
      auto mine = rows[static_cast<std::size_t>(world.rank())];
      for (int turn = 0; turn < 3; ++turn) {
        mine = rows[static_cast<std::size_t>(world.rank())];
        world.all_reduce(view_of(mine));
        require(mine == want, fmt::format("{} numbers, turn {}", count, turn));
      }
    }
    world.barrier();
  });
  EXPECT_THAT(endings, Each(""));
}

TEST_P(Network, SplitsAndCountsBytes) {
  const auto endings = run({}, [](Group& group) {
    Communicator& world = group.world();
    const auto half = world.split(world.rank() % 2, 0);
    std::vector<float> data(16000);
    const std::int64_t before = half->traffic().payload_bytes;
    half->all_reduce(view_of(data));
    std::int64_t mine = 0;
    for (int peer = 0; peer < half->size(); ++peer) {
      if (peer == half->rank()) continue;
      mine += 4 * (piece_of(16000, half->size(), peer).count + piece_of(16000, half->size(), half->rank()).count);
    }
    require(half->traffic().payload_bytes - before == mine, "each piece out and the own piece out");
    world.barrier();
  });
  EXPECT_THAT(endings, Each(""));
}

TEST_P(Network, NamesAnotherOperationAtOnce) {
  const auto begin = std::chrono::steady_clock::now();
  const auto endings = run({.timeout = 20s, .digest = {}}, [](Group& group) {
    std::vector<float> data(1000);
    std::vector<float> all(1000 * static_cast<std::size_t>(group.world().size()));
    if (group.world().rank() == 1) {
      group.world().all_gather(view_of(data), view_of(all));
    } else {
      group.world().all_reduce(view_of(data));
    }
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  for (const std::string& ending : endings)
    EXPECT_THAT(ending, AllOf(HasSubstr("all_gather"), HasSubstr("all_reduce")));
}

TEST_P(Network, NamesADeadRankToAll) {
  const auto endings = run({.timeout = 20s, .digest = {}}, [](Group& group) {
    std::vector<float> data(100000);
    group.world().all_reduce(view_of(data));
    if (group.world().rank() == 1) ::kill(::getpid(), SIGKILL);
    while (true) group.world().all_reduce(view_of(data));
  });
  EXPECT_THAT(endings[1], HasSubstr("Killed"));
  expect_of_all_but_1(endings, HasSubstr("rank 1 "));
}

TEST_P(NetworkDeadline, NamesAStoppedRankAfterTheDeadline) {
  Counter noticed;
  const auto endings = run({.timeout = 3s, .digest = {}}, [&](Group& group) {
    std::vector<float> data(1000);
    group.world().all_reduce(view_of(data));
    group.board().enter_section("backward");
    std::this_thread::sleep_for(300ms);  // other hosts hear of it every 50 ms
    if (group.world().rank() == 1) stop_until(noticed, group.world().size() - 1);
    try {
      group.world().all_reduce(view_of(data));
    } catch (const Failure&) {
      noticed.add();
      throw;
    }
  });
  expect_of_all_but_1(endings, AllOf(HasSubstr("rank 1 has been stopped"), HasSubstr("in backward")));
}

TEST_P(NetworkDeadline, NamesARankThatDoesNotComeWithWhatItDoes) {
  const auto endings = run({.timeout = 3s, .digest = {}}, [](Group& group) {
    std::vector<float> data(1000);
    group.world().all_reduce(view_of(data));
    if (group.world().rank() == 1) {
      group.board().enter_section("data loading");
      wait_for_fault(group);
    }
    group.world().all_reduce(view_of(data));
  });
  for (const std::string& ending : endings) {
    EXPECT_THAT(ending,
                AllOf(HasSubstr("rank 1 has not come to all_reduce of 4000 bytes"), HasSubstr("data loading for")));
  }
}

// Rank 0 does nothing, rank 1 cancels and stays, the others wait for rank 0.
TEST_P(Network, ACancellationWithItsReasonEndsAllWaitsOnAllHosts) {
  Counter ended;
  const auto endings = run({.timeout = 20s, .digest = {}}, [&](Group& group) {
    Communicator& world = group.world();
    std::vector<float> data(1000);
    try {
      const auto lane = world.split(0, 0);
      lane->barrier();
      if (world.rank() == 1) {
        world.cancel("rank 1 found a loss that is not finite");
        return ended.wait_for(world.size() - 1);
      }
      if (world.rank() > 1) lane->receive(view_of(data), 0);
      wait_for_fault(group);
      world.all_reduce(view_of(data));
    } catch (const Failure&) {
      ended.add();
      ended.wait_for(world.size() - 1);
      throw;
    }
  });
  EXPECT_EQ(endings[1], "");
  expect_of_all_but_1(endings, HasSubstr("a loss that is not finite"));
}

TEST_P(Network, ACancellationWakesAThreadOfItsOwnRank) {
  Counter ended;
  const auto begin = std::chrono::steady_clock::now();
  const auto endings = run({.timeout = 20s, .digest = {}}, [&](Group& group) {
    if (group.world().rank() != 0) return ended.wait_for(1);
    std::jthread canceller([&] {
      while (group.board().status(0).calls.empty()) std::this_thread::sleep_for(1ms);
      std::this_thread::sleep_for(50ms);
      group.world().cancel("somebody has asked to stop");
    });
    std::vector<float> data(1000);
    try {
      group.world().receive(view_of(data), group.world().size() - 1);
    } catch (const Failure&) {
      ended.add();
      throw;
    }
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 15s);  // long before the deadline
  EXPECT_THAT(endings[0], HasSubstr("somebody has asked to stop"));
}

TEST_P(Network, ADeathEndsAlsoTheWaitForABusyRank) {
  const auto endings = run({.timeout = 20s, .digest = {}}, [](Group& group) {
    Communicator& world = group.world();
    world.barrier();
    if (world.rank() == 1) ::kill(::getpid(), SIGKILL);
    std::vector<float> data(10);
    if (world.rank() > 1) world.receive(view_of(data), 0);
    wait_for_fault(group);
    world.barrier();
  });
  expect_of_all_but_1(endings, HasSubstr("rank 1 has died"));
}

// The first numbers have arrived, the last never will.
TEST_P(Network, ADeathInTheMiddleOfAPayloadIsToldAtOnce) {
  constexpr std::size_t kNumbers = 32 << 20;
  Counter victim;
  const auto begin = std::chrono::steady_clock::now();
  const auto endings = run({.timeout = 40s, .digest = {}}, [&](Group& group) {
    Communicator& world = group.world();
    const auto memory = Region::of_process(kNumbers * sizeof(float));
    const std::span numbers(reinterpret_cast<float*>(memory->data()), kNumbers);
    const View view(numbers.data(), DType::f32, Shape{static_cast<std::int64_t>(kNumbers)});
    if (world.rank() == 1) {
      std::ranges::fill(numbers, 1.0f);
      victim.add(::getpid());
    }
    world.barrier();
    if (world.rank() == 1) world.send(view, 0);
    if (world.rank() == 0) {
      if (::fork() == 0) {
        while (std::atomic_ref(numbers[1000]).load() == 0 && std::chrono::steady_clock::now() < begin + 30s)
          std::this_thread::yield();
        ::kill(victim.count(), SIGKILL);
        ::_exit(0);
      }
      world.receive(view, 1);
    }
    world.barrier();
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
  expect_of_all_but_1(endings, HasSubstr("rank 1 has died"));
}

TEST_P(Network, WhatWasBroadcastLastArrivesAlthoughTheRootHasLeft) {
  for (int round = 0; round < 5; ++round) {
    const auto endings = run({.timeout = 20s, .digest = {}}, [](Group& group) {
      std::vector<float> data(32000, group.world().rank() == 0 ? 1.0f : 0.0f);
      group.world().broadcast(view_of(data), 0);
      require(data.back() == 1.0f, "all of it");
    });
    EXPECT_THAT(endings, Each(""));
  }
}

// The receiver is stopped while the sender sends and leaves.
TEST_P(Network, WhatWasSentLastArrivesAlthoughTheSenderHasLeft) {
  Counter stopped, left;
  const int size = static_cast<int>(GetParam().size());
  const auto endings = run_processes(size, [&](const std::string& folder, int rank) {
    auto group = join(folder, rank, {.timeout = 20s, .digest = {}});
    std::vector<float> data(25000, rank == 0 ? 1.0f : 0.0f);
    if (rank == 0) {
      stopped.wait_for(1);
      group->world().send(view_of(data), size - 1);
      group.reset();
      left.add();
    } else if (rank == size - 1) {
      const pid_t receiver = ::getpid();
      if (::fork() == 0) {
        while (group->board().status(rank).calls.empty()) std::this_thread::sleep_for(1ms);
        std::this_thread::sleep_for(50ms);
        ::kill(receiver, SIGSTOP);
        stopped.add();
        while (left.count() == 0) std::this_thread::sleep_for(1ms);
        ::kill(receiver, SIGCONT);
        ::_exit(0);
      }
      group->world().receive(view_of(data), 0);
      require(data.back() == 1.0f, "all of it");
    }
  });
  EXPECT_THAT(endings, Each(""));
}

TEST_P(Network, ARankThatLeavesIsNamed) {
  const auto endings = run({.timeout = 20s, .digest = {}}, [](Group& group) {
    group.world().barrier();
    if (group.world().rank() != 1) group.world().barrier();
  });
  EXPECT_EQ(endings[1], "");
  expect_of_all_but_1(endings, HasSubstr("rank 1 has left"));
}

TEST_P(Network, AFailureOfOneRankIsToldOnAllHosts) {
  const auto endings = run({.timeout = 20s, .digest = {}}, [](Group& group) {
    const auto lane = group.world().split(0, 0);
    group.board().enter_section("data loading");
    if (group.world().rank() == 1) throw std::runtime_error("the picture is broken");
    lane->barrier();
  });
  expect_of_all_but_1(endings, HasSubstr("rank 1 has failed in data loading"));
}

TEST_P(Network, ADeathWhileOthersSplitIsToldAtOnce) {
  const auto begin = std::chrono::steady_clock::now();
  const auto endings = run({.timeout = 20s, .digest = {}}, [](Group& group) {
    group.world().barrier();
    if (group.world().rank() == 1) {
      std::jthread killer([&] {
        while (group.board().status(1).calls.empty()) std::this_thread::yield();
        ::kill(::getpid(), SIGKILL);
      });
      while (true) (void)group.world().split(0, 0);
    }
    while (true) (void)group.world().split(0, 0);
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 15s);
  expect_of_all_but_1(endings, HasSubstr("rank 1 has died"));
}

TEST_P(NetworkDeadline, AHostThatCannotBeReachedAnyMoreIsLost) {
  const auto endings = run({.timeout = 3s, .digest = {}}, [](Group& group) {
    Communicator& world = group.world();
    world.barrier();
    world.set_timeout(60s);
    if (world.rank() == 0) {
      std::this_thread::sleep_for(100ms);
      require(set_loopback(false), "the network is cut");
    }
    wait_for_fault(group);
    world.barrier();
  });
  set_loopback(true);
  EXPECT_THAT(endings, Each(HasSubstr("cannot be reached any more")));
}

TEST_P(NetworkDeadline, ARankThatNeverComesIsNamed) {
  const auto& hosts = GetParam();
  const auto endings = run_processes(static_cast<int>(hosts.size()), [&](const std::string& folder, int rank) {
    if (rank == 1) return;
    (void)join(folder, rank, {.timeout = 1s, .digest = {}});
  });
  expect_of_all_but_1(endings, HasSubstr("rank 1 has not come in time"));
}

TEST_P(Network, AFolderThatCannotBeWrittenIsToldAsThat) {
  const auto endings = run_processes(1, [](const std::string& folder, int) {
    const comm::Network nowhere{folder + "/missing", "", "127.0.0.1"};
    try {
      (void)join_hosts(nowhere, folder, GetParam(), 0, {.timeout = 1s, .digest = {}});
    } catch (const Failure& failure) {
      require(failure.error().kind == ErrorKind::io, failure.what());
      throw;
    }
  });
  EXPECT_THAT(endings[0], AllOf(HasSubstr("missing"), HasSubstr("No such file")));
}

TEST(NetworkArguments, AnInterfaceThatIsNotThereIsRefused) {
  const auto endings = run_processes(1, [](const std::string& folder, int) {
    try {
      (void)join_hosts({folder, "nowhere0", ""}, folder, {"a"}, 0, {});
    } catch (const Failure& failure) {
      require(failure.error().kind == ErrorKind::invalid_input, failure.what());
      throw;
    }
  });
  EXPECT_THAT(endings[0], AllOf(HasSubstr("nowhere0"), HasSubstr("ip address shows them")));
}

}  // namespace
}  // namespace athanor::comm
