// Ranks over TCP, and on several hosts at once. Each test has a loopback interface of its own, in a network namespace.
#include "core/comm/combine.h"
#include "kernels/base/error.h"
#include "tests/core/comm/ranks.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstring>
#include <net/if.h>
#include <sched.h>
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

// A namespace with an `lo` that is up and does not swallow 64 KiB at once; false where that is not allowed.
bool own_network() {
  static const bool made = [] {
    if (::unshare(CLONE_NEWNET) != 0) return false;
    const int control = ::socket(AF_INET, SOCK_DGRAM, 0);
    ifreq request{};
    std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
    request.ifr_mtu = 1500;
    bool good = ::ioctl(control, SIOCSIFMTU, &request) == 0;
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    good = good && ::ioctl(control, SIOCSIFFLAGS, &request) == 0;
    ::close(control);
    return good;
  }();
  return made;
}

class Network : public testing::TestWithParam<std::vector<std::string>> {
 protected:
  void SetUp() override {
    if (!own_network()) GTEST_SKIP() << "a network namespace needs root";
  }
  Endings run(const GroupOptions& options, const std::function<void(Group&)>& work) {
    const auto& hosts = GetParam();
    return run_processes(static_cast<int>(hosts.size()), [&](const std::string& folder, int rank) {
      const auto group = join_hosts({folder, "", "127.0.0.1"}, folder, hosts, rank, options);
      work(*group);
    });
  }
};
INSTANTIATE_TEST_SUITE_P(Hosts, Network,
                         testing::Values(std::vector<std::string>{"a", "b"}, std::vector<std::string>{"a", "b", "c"},
                                         std::vector<std::string>{"a", "a", "b", "b"},
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
  for (std::size_t rank = 0; rank < endings.size(); ++rank) {
    if (rank == 1) continue;
    EXPECT_THAT(endings[rank], HasSubstr("rank 1 ")) << rank;
  }
}

TEST_P(Network, NamesAStoppedRankAfterTheDeadline) {
  const auto endings = run({.timeout = 1500ms, .digest = {}}, [](Group& group) {
    std::vector<float> data(1000);
    group.world().all_reduce(view_of(data));
    if (group.world().rank() == 1) {
      const pid_t stopped = ::getpid();
      if (::fork() == 0) {
        std::this_thread::sleep_for(4s);
        ::kill(stopped, SIGCONT);
        ::_exit(0);
      }
      ::kill(stopped, SIGSTOP);
    }
    group.world().all_reduce(view_of(data));
  });
  for (std::size_t rank = 0; rank < endings.size(); ++rank) {
    if (rank == 1) continue;
    EXPECT_THAT(endings[rank], HasSubstr("rank 1 has been stopped")) << rank;
  }
}

TEST(NetworkArguments, AnInterfaceThatIsNotThereIsRefused) {
  try {
    (void)connect_network({"/tmp", "nowhere0", ""});
    ADD_FAILURE() << "it was taken";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().kind, ErrorKind::invalid_input);
    EXPECT_THAT(failure.what(), HasSubstr("nowhere0"));
  }
}

}  // namespace
}  // namespace athanor::comm
