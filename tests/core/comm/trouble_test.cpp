// What goes wrong between ranks is named: the rank, the operation and the cause.
#include "kernels/base/error.h"
#include "tests/core/comm/ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>
#include <unistd.h>

namespace athanor::comm {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

const GroupOptions kPatient{.timeout = 20s, .digest = {}};
const GroupOptions kHasty{.timeout = 700ms, .digest = {}};

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
    EXPECT_THAT(ending,
                AllOf(HasSubstr("rank 1"), HasSubstr("all_gather"), HasSubstr("all_reduce"), HasSubstr("is in call ")));
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
    if (group.world().rank() == 2) std::this_thread::sleep_for(2s);
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
  pid_t stopped = 0;
  std::vector<std::string> endings;
  std::string folder;
  endings = run_ranks(Kind::processes, 3, kHasty, [&](Group& group) {
    reduce(group.world());
    group.board().enter_section("backward");
    if (group.world().rank() == 1) {
      stopped = ::getpid();
      // Somebody wakes it again when the others have ended.
      if (::fork() == 0) {
        std::this_thread::sleep_for(2500ms);
        ::kill(stopped, SIGCONT);
        ::_exit(0);
      }
      ::kill(stopped, SIGSTOP);
    }
    reduce(group.world());
  });
  for (const std::size_t rank : {0U, 2U}) {
    EXPECT_THAT(endings[rank], AllOf(HasSubstr("rank 1 has been stopped"), HasSubstr("in backward"))) << rank;
  }
}

TEST(TroubleOfProcesses, ARankThatNeverComesIsNamed) {
  const auto endings = run_ranks(Kind::processes, 1, kHasty, [](Group&) {});
  EXPECT_EQ(endings[0], "");
  std::string folder = "/dev/shm/athanor-comm-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  try {
    (void)join_processes(folder, 3, 0, kHasty);
    ADD_FAILURE() << "it came together without ranks 1 and 2";
  } catch (const Failure& failure) {
    EXPECT_THAT(failure.what(), HasSubstr("rank 1, 2 has not come"));
    EXPECT_EQ(failure.error().kind, ErrorKind::communication);
  }
  std::filesystem::remove_all(folder);
}

TEST(TroubleOfProcesses, OneThatComesWithAnotherRecipeIsRefused) {
  std::string folder = "/dev/shm/athanor-comm-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto join = [&](int rank, const std::string& digest) -> std::string {
    try {
      (void)join_processes(folder, 2, rank, {.timeout = 10s, .digest = digest});
      return {};
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.error().kind, ErrorKind::invalid_input);
      return failure.what();
    }
  };
  std::string other;
  std::thread second([&] { other = join(1, "b"); });
  EXPECT_THAT(join(0, "a"), HasSubstr("rank 1 comes with another recipe"));
  second.join();
  EXPECT_THAT(other, HasSubstr("rank 1 comes with another recipe"));
  std::filesystem::remove_all(folder);
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
