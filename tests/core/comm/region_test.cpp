// Memory that ranks share: all of it is there from the beginning, and a file that does not fit is refused.
#include "core/comm/region.h"

#include "kernels/base/error.h"
#include "tests/core/comm/ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace athanor::comm {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

TEST(Region, AFullFileSystemIsToldInsteadOfEndingTheProcess) {
  if (::geteuid() != 0) GTEST_SKIP() << "a mount namespace needs root";
  const auto endings = run_processes(1, [](const std::string& folder, int) {
    require(::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0,
            "a mount namespace");
    require(::mount("none", folder.c_str(), "tmpfs", 0, "size=1m") == 0, "a small tmpfs");
    const auto fits = Region::of_file(folder + "/fits", 256 << 10);
    std::memset(fits->data(), 1, fits->size());
    const auto region = Region::of_file(folder + "/does-not", 4 << 20);
    std::memset(region->data(), 1, region->size());
  });
  EXPECT_THAT(endings[0], AllOf(HasSubstr("does-not"), HasSubstr("Free some memory there")));
}

TEST(Region, AFileOfAnotherSizeIsRefusedWithBothSizes) {
  const auto endings = run_processes(1, [](const std::string& folder, int) {
    const auto first = Region::of_file(folder + "/board", 4096);
    (void)Region::of_file(folder + "/board", 8192);
  });
  EXPECT_THAT(endings[0], AllOf(HasSubstr("4096"), HasSubstr("8192"), HasSubstr("a folder of its own")));
}

// Processes in containers may have the same number.
TEST(Region, EachMakesAFileThatNoOtherHasOpen) {
  const auto endings = run_processes(1, [](const std::string& folder, int) {
    const std::string taken = folder + "/board.new-" + std::to_string(::getpid());
    require(::mkdir(taken.c_str(), 0700) == 0, "the name that the process number gives is taken");
    require(Region::of_file(folder + "/board", 4096)->size() == 4096, "made all the same");
    require(std::distance(std::filesystem::directory_iterator(folder), {}) == 2, "and nothing else is left");
  });
  EXPECT_THAT(endings, Each(""));
}

// As ranks do that give up meeting while another is still to come.
TEST(Region, IsMadeAnewWhereItsFileIsRemovedOnTheWay) {
  const auto endings = run_processes(1, [](const std::string& folder, int) {
    const std::jthread remover([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) ::unlink((folder + "/world").c_str());
    });
    for (int turn = 0; turn < 500; ++turn)
      require(Region::of_file(folder + "/world", 4096)->size() == 4096, "made all the same");
  });
  EXPECT_THAT(endings, Each(""));
}

}  // namespace
}  // namespace athanor::comm
