// What goes wrong between ranks is named: the rank, the operation and the cause.
#include "core/comm/life.h"
#include "core/comm/memory_transport.h"
#include "core/comm/ordered_communicator.h"
#include "kernels/base/error.h"
#include "tests/core/comm/ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <sched.h>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace athanor::comm {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

const GroupOptions kPatient{.timeout = 20s, .digest = {}};
const GroupOptions kHasty{.timeout = 3s, .digest = {}};  // well beyond the second after which a rank counts as stopped

void reduce(Communicator& communicator, std::size_t count = 1000) {
  std::vector<float> data(count, 1.0f);
  communicator.all_reduce(view_of(data));
}

class Trouble : public testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(Ranks, Trouble, testing::Values(Kind::threads, Kind::processes),
                         [](const auto& each) { return to_string(each.param); });

TEST_P(Trouble, AnotherOperationIsNamedAtOnce) {
  const auto begin = std::chrono::steady_clock::now();
  const auto endings = run_ranks(GetParam(), 3, kPatient, [](Group& group) {
    reduce(group.world());
    if (group.world().rank() == 1) {
      std::vector<float> in(1000);
      std::vector<float> out(3000);
      group.world().all_gather(view_of(in), view_of(out));
    } else {
      reduce(group.world());
    }
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);  // long before the deadline
  for (const std::string& ending : endings) {
    EXPECT_THAT(ending, AllOf(HasSubstr("rank 1 is in all_gather of"), HasSubstr("and all others in all_reduce of")));
  }
}

TEST_P(Trouble, AnotherSizeIsNamedAtOnce) {
  const auto endings = run_ranks(GetParam(), 2, kPatient,
                                 [](Group& group) { reduce(group.world(), group.world().rank() == 1 ? 900 : 1000); });
  for (const std::string& ending : endings) EXPECT_THAT(ending, AllOf(HasSubstr("3600"), HasSubstr("4000")));
}

TEST_P(Trouble, AnotherOrderOfCallsIsNamedAtOnce) {
  const auto endings = run_ranks(GetParam(), 2, kPatient, [](Group& group) {
    std::vector<float> data(1000);
    if (group.world().rank() == 0) {
      group.world().broadcast(view_of(data), 1);
      reduce(group.world());
    } else {
      reduce(group.world());
      group.world().broadcast(view_of(data), 1);
    }
  });
  for (const std::string& ending : endings) EXPECT_THAT(ending, AllOf(HasSubstr("broadcast"), HasSubstr("all_reduce")));
}

TEST_P(Trouble, ARankThatDoesNotComeIsNamedWithWhatItDoes) {
  const auto endings = run_ranks(GetParam(), 4, kHasty, [](Group& group) {
    reduce(group.world());
    group.board().enter_section("data loading");
    if (group.world().rank() == 2) wait_for_fault(group);
    reduce(group.world());
  });
  for (const std::size_t rank : {0U, 1U, 3U}) {
    EXPECT_THAT(endings[rank],
                AllOf(HasSubstr("rank 2 has not come to all_reduce of 4000 bytes"), HasSubstr("data loading")))
        << rank;
  }
}

TEST_P(Trouble, ARankThatWaitsElsewhereIsNamedWithItsCall) {
  const auto endings = run_ranks(GetParam(), 3, kHasty, [](Group& group) {
    const auto pair = group.world().split(group.world().rank() == 0 ? 1 : 0, 0);
    group.world().barrier();
    pair->set_timeout(20s);
    if (group.world().rank() == 1) {
      reduce(*pair);  // where rank 2 never comes
    } else {
      reduce(group.world());
    }
  });
  EXPECT_THAT(endings[0],
              AllOf(HasSubstr("rank 1"), HasSubstr("it waits in all_reduce"), HasSubstr("call 1 in world/")));
}

TEST_P(Trouble, AFailureOfOneRankEndsTheWaitsOfAll) {
  const auto begin = std::chrono::steady_clock::now();
  const auto endings = run_ranks(GetParam(), 3, kPatient, [](Group& group) {
    reduce(group.world());
    if (group.world().rank() == 1) {
      group.world().cancel("rank 1 found a loss that is not finite");
      throw Failure(ErrorKind::numeric, "go on", "the loss is not finite");
    }
    reduce(group.world());
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  for (const std::size_t rank : {0U, 2U}) EXPECT_THAT(endings[rank], HasSubstr("a loss that is not finite"));
}

TEST(TroubleOfProcesses, ADeadRankIsNamedToAll) {
  const auto begin = std::chrono::steady_clock::now();
  const auto endings = run_ranks(Kind::processes, 4, kPatient, [](Group& group) {
    reduce(group.world());
    if (group.world().rank() == 3) ::kill(::getpid(), SIGKILL);
    while (true) reduce(group.world(), 100000);
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  for (const std::size_t rank : {0U, 1U, 2U}) EXPECT_THAT(endings[rank], HasSubstr("rank 3 has died")) << rank;
  EXPECT_THAT(endings[3], HasSubstr("Killed"));
}

TEST(TroubleOfProcesses, AStoppedRankIsNamedToAll) {
  Counter noticed;
  const auto endings = run_ranks(Kind::processes, 3, kHasty, [&](Group& group) {
    reduce(group.world());
    group.board().enter_section("backward");
    if (group.world().rank() == 1) stop_until(noticed, group.world().size() - 1);
    try {
      reduce(group.world());
    } catch (const Failure&) {
      noticed.add();
      throw;
    }
  });
  for (const std::size_t rank : {0U, 2U}) {
    EXPECT_THAT(endings[rank], AllOf(HasSubstr("rank 1 has been stopped"), HasSubstr("in backward"))) << rank;
  }
}

// Rank 2 waits for rank 0, which lives and is busy: nothing but the group's fault can end that.
TEST(TroubleOfProcesses, ADeathEndsAlsoTheWaitForABusyRank) {
  const auto endings = run_ranks(Kind::processes, 3, kPatient, [](Group& group) {
    reduce(group.world());
    if (group.world().rank() == 1) ::kill(::getpid(), SIGKILL);
    std::vector<float> data(10);
    if (group.world().rank() == 2) group.world().receive(view_of(data), 0);
    wait_for_fault(group);
  });
  EXPECT_THAT(endings[2], HasSubstr("rank 1 has died"));
  EXPECT_THAT(endings[0], "");
}

// Does something to this rank where it would meet the others in a communicator that is split from its world.
class Interrupted final : public Connector {
 public:
  Interrupted(std::unique_ptr<Connector> connector, std::function<void()> interrupt)
      : connector_(std::move(connector)), interrupt_(std::move(interrupt)) {}
  std::unique_ptr<Transport> connect(const std::string& name, const std::vector<int>& members, int rank,
                                     const std::shared_ptr<Board>& board, Deadline deadline) override {
    if (name != "world" && rank == 1) interrupt_();
    return connector_->connect(name, members, rank, board, deadline);
  }

 private:
  std::unique_ptr<Connector> connector_;
  std::function<void()> interrupt_;
};

Endings split_interrupted_by(const std::function<void()>& interrupt) {
  return run_processes(3, [&](const std::string& folder, int rank) {
    const auto board = std::make_shared<Board>(Region::of_file(folder + "/board", Board::bytes_for(3)), 3, rank);
    const auto connector = std::make_shared<Interrupted>(connect_processes(folder), interrupt);
    Group group(board, make_communicator({connector, board}, "world", {0, 1, 2}, rank, 20s));
    board->enter_section("making lanes");
    reduce(group.world());
    const auto begin = std::chrono::steady_clock::now();
    try {
      (void)group.world().split(0, 0);
    } catch (const Failure&) {
      require(std::chrono::steady_clock::now() - begin < 10s, "long before the deadline");
      throw;
    }
  });
}

TEST(TroubleOfProcesses, ADeathInsideSplitIsToldAtOnce) {
  const auto endings = split_interrupted_by([] { ::kill(::getpid(), SIGKILL); });
  for (const std::size_t rank : {0U, 2U}) EXPECT_THAT(endings[rank], HasSubstr("rank 1 has died in making lanes"));
}

TEST(TroubleOfProcesses, AFailureInsideSplitIsToldAtOnce) {
  const auto endings = split_interrupted_by([] { throw std::runtime_error("no memory"); });
  for (const std::size_t rank : {0U, 2U}) EXPECT_THAT(endings[rank], HasSubstr("rank 1 could not go on: no memory"));
}

class Folder {
 public:
  Folder() {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no folder in /dev/shm");
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/dev/shm/athanor-comm-XXXXXX";
};

TEST(Joining, ARankThatNeverComesIsNamedAndNothingIsLeft) {
  const Folder folder;
  try {
    (void)join_processes(folder.path(), 3, 0, {.timeout = 300ms, .digest = {}});
    ADD_FAILURE() << "it came together without ranks 1 and 2";
  } catch (const Failure& failure) {
    EXPECT_THAT(failure.what(), HasSubstr("rank 1, 2 has not come"));
    EXPECT_EQ(failure.error().kind, ErrorKind::communication);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Joining, EndsWhenItIsGivenUp) {
  const auto begin = std::chrono::steady_clock::now();
  const auto endings = run_processes(2, [&](const std::string& folder, int rank) {
    if (rank == 1) return;  // it died before it came
    (void)join_processes(folder, 2, rank, {.timeout = 60s, .digest = {}, .given_up = [&] {
                                             return std::chrono::steady_clock::now() - begin > 100ms;
                                           }});
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);  // long before the deadline
  EXPECT_THAT(endings[0], HasSubstr("the group was given up before all had come"));
}

TEST(Joining, OneThatComesWithAnotherRecipeIsRefused) {
  // Alike for longer than any digest is.
  const std::string first(100, 'a');
  const auto endings = run_processes(2, [&](const std::string& folder, int rank) {
    try {
      (void)join_processes(folder, 2, rank, {.timeout = 20s, .digest = rank == 0 ? first : first + "b"});
    } catch (const Failure& failure) {
      require(failure.error().kind == ErrorKind::invalid_input, "as a wrong input");
      throw;
    }
  });
  EXPECT_THAT(endings, Each(HasSubstr("rank 1 comes with another recipe")));
}

TEST(Joining, ARankThatIsNotOfThisSizeIsRefused) {
  const Folder folder;
  for (const auto& [size, rank] : {std::pair{2, 2}, std::pair{2, -1}, std::pair{0, 0}}) {
    try {
      (void)join_processes(folder.path(), size, rank, {.timeout = 100ms, .digest = {}});
      ADD_FAILURE() << rank << " of " << size;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.error().kind, ErrorKind::invalid_input);
    }
  }
}

// Containers that share memory number their processes each for itself.
TEST(Joining, ProcessesOfOtherNumberingAreNotTakenForDead) {
  if (::geteuid() != 0) GTEST_SKIP() << "a process namespace needs root";
  const auto endings = run_processes(2, [](const std::string& folder, int rank) {
    const auto take_part = [&] {
      const auto group = join_processes(folder, 2, rank, kPatient);
      for (int turn = 0; turn < 20; ++turn) {
        std::this_thread::sleep_for(10ms);
        reduce(group->world());
      }
    };
    if (rank == 0) return take_part();
    require(::unshare(CLONE_NEWPID) == 0, "a namespace");
    const pid_t first = ::fork();
    if (first == 0) {
      try {
        take_part();
      } catch (const std::exception&) {
        ::_exit(1);
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(first, &status, 0);
    require(status == 0, "the first process of the namespace took part");
  });
  EXPECT_THAT(endings, Each(""));
}

TEST(Joining, ThreadsNeedNoDescriptorsForEachOther) {
  const auto open_files = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); };
  const auto before = open_files();
  run_threads(16, kPatient, [&](Group& group) {
    const auto half = group.world().split(group.world().rank() % 2, 0);
    half->barrier();
    std::this_thread::sleep_for(50ms);  // several beats
    if (group.world().rank() == 0) {
      EXPECT_LT(open_files(), before + 5);
    }
    group.world().barrier();
  });
}

TEST(Threads, TheFirstThingThrownIsThrownAgainAndEndsWaitsInSplitCommunicators) {
  for (int round = 0; round < 5; ++round) {
    std::string other;
    try {
      run_threads(2, kPatient, [&](Group& group) {
        // What is destroyed after the lane, so that the others could take its end for the cause.
        struct Slow {
          ~Slow() { std::this_thread::sleep_for(20ms); }
        };
        try {
          const Slow slow;
          const auto lane = group.world().split(0, 0);
          reduce(*lane);
          if (group.world().rank() == 1) throw std::runtime_error("the loss is not finite");
          while (true) reduce(*lane);
        } catch (const Failure& failure) {
          other = failure.what();
          throw;
        }
      });
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::exception& exception) {
      EXPECT_STREQ(exception.what(), "the loss is not finite");
    }
    EXPECT_THAT(other, HasSubstr("rank 1 has failed: the loss is not finite"));
  }
}

TEST(Threads, SomethingThrownThatIsNoExceptionEndsTheWaitsToo) {
  EXPECT_THROW(run_threads(2, kPatient,
                           [](Group& group) {
                             if (group.world().rank() == 1) throw 7;
                             std::vector<float> data(10);
                             const auto lane = group.world().split(0, 0);
                           }),
               int);
}

TEST(TroubleOfProcesses, ARankWhoseWorkThrowsEndsTheWaitsOfTheOthers) {
  const auto endings = run_ranks(Kind::processes, 3, kPatient, [](Group& group) {
    const auto lane = group.world().split(0, 0);
    group.board().enter_section("data loading");
    if (group.world().rank() == 1) throw std::runtime_error("the picture is broken");
    std::vector<float> data(10);
    if (group.world().rank() == 0) lane->receive(view_of(data), 2);  // which waits for rank 1
    if (group.world().rank() == 2) lane->receive(view_of(data), 1);
  });
  for (const std::size_t rank : {0U, 2U})
    EXPECT_THAT(endings[rank], HasSubstr("rank 1 has failed in data loading; its log says why")) << rank;
}

TEST_P(Trouble, ACancellationEndsTheWaitsInAllCommunicators) {
  const auto endings = run_ranks(GetParam(), 4, kPatient, [](Group& group) {
    const auto lane = group.world().split(group.world().rank() / 2, 0);
    if (group.world().rank() == 0) {
      group.world().cancel("somebody has asked to stop");
      return;
    }
    if (group.world().rank() != 3) reduce(*lane);
    wait_for_fault(group);
  });
  for (const std::size_t rank : {1U, 2U}) EXPECT_THAT(endings[rank], HasSubstr("somebody has asked to stop"));
}

TEST_P(Trouble, TwoRootsOfABroadcastAreToldAtOnce) {
  for (const int size : {2, 3}) {
    for (const std::size_t count : {std::size_t{10}, std::size_t{100000}}) {
      const auto endings = run_ranks(GetParam(), size, kPatient, [&](Group& group) {
        std::vector<float> data(count, static_cast<float>(group.world().rank()));
        group.world().broadcast(view_of(data), group.world().rank() == 1 ? 1 : 0);
      });
      for (const std::size_t rank : {0U, 1U}) {
        EXPECT_THAT(endings[rank], AllOf(HasSubstr("from root 0"), HasSubstr("from root 1"))) << size << " " << count;
      }
    }
  }
}

TEST(Threads, AMessageThatGoesOnDoesNotHideTheDeadline) {
  const auto endings = run_ranks(Kind::threads, 2, kPatient, [](Group& group) {
    std::vector<float> data(16 << 20);
    group.world().barrier();
    if (group.world().rank() == 0) return group.world().send(view_of(data), 1);
    group.world().set_timeout(1ms);
    group.world().receive(view_of(data), 0);
  });
  EXPECT_THAT(endings, Each(HasSubstr("rank 0 has not ")));
}

TEST(Life, IsToldAlsoWithoutADescriptor) {
  const pid_t child = ::fork();
  if (child == 0) {
    while (true) ::pause();
  }
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  Life watched(child), unwatched(child);
  EXPECT_FALSE(watched.has_ended());
  const int next = ::dup(0);
  ::close(next);
  const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const bool ended_too_soon = unwatched.has_ended();
  ::kill(child, SIGKILL);
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
  const bool watched_zombie = watched.has_ended();
  ::waitpid(child, nullptr, 0);
  const bool unwatched_gone = unwatched.has_ended();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_FALSE(ended_too_soon);
  EXPECT_TRUE(watched_zombie);
  EXPECT_TRUE(unwatched_gone);
}

TEST(Arguments, ThatDoNotFitAreRefused) {
  run_threads(1, {}, [](Group& group) {
    std::vector<float> three(3);
    std::vector<float> two(2);
    EXPECT_THROW(group.world().all_gather(view_of(three), view_of(two)), Failure);
    EXPECT_THROW(group.world().reduce_scatter(view_of(three), view_of(two)), Failure);
    EXPECT_THROW(group.world().send(view_of(two), 0), Failure);
    EXPECT_THROW(group.world().broadcast(view_of(two), 1), Failure);
  });
}

}  // namespace
}  // namespace athanor::comm
