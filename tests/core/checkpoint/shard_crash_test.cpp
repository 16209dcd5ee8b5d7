// Real processes write a checkpoint together, and one of them is killed before and after every system call that it
// makes on the way.
#include "core/checkpoint/reader.h"
#include "core/checkpoint/shards.h"
#include "tests/support/temporary_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <fstream>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace athanor::checkpoint {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing_support::TemporaryFolder;

constexpr int kRanks = 3;
constexpr std::int64_t kRows = 6;

tl::unexpected<Error> lost() { return fail(ErrorKind::communication, "talk", "a rank is gone"); }

bool send_text(int socket, const std::string& text) {
  const auto size = static_cast<std::uint64_t>(text.size());
  const std::string bytes = std::string(reinterpret_cast<const char*>(&size), sizeof size) + text;
  return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

Result<std::string> receive_text(int socket) {
  std::uint64_t size = 0;
  if (::recv(socket, &size, sizeof size, MSG_WAITALL) != sizeof size) return lost();
  std::string text(size, '\0');
  if (size > 0 && ::recv(socket, text.data(), size, MSG_WAITALL) != static_cast<ssize_t>(size)) return lost();
  return text;
}

// Between the leader and each other rank; whoever dies closes its ends.
class Sockets {
 public:
  Sockets() {
    for (auto& pair : pairs_)
      if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) != 0) ADD_FAILURE() << std::strerror(errno);
  }
  // Closes what a rank does not need, or all of it.
  void keep_only(int rank) {
    for (int other = 1; other < kRanks; ++other) {
      if (rank != 0) ::close(leader_end(other));
      if (rank != other) ::close(end_of(other));
    }
  }
  [[nodiscard]] Ranks ranks(int rank) {
    Ranks out;
    out.rank = rank;
    out.count = kRanks;
    out.gather = [this, rank](std::string text) -> Result<std::vector<std::string>> {
      if (rank != 0)
        return send_text(end_of(rank), text) ? std::vector<std::string>() : Result<std::vector<std::string>>(lost());
      std::vector<std::string> texts = {std::move(text)};
      for (int other = 1; other < kRanks; ++other) {
        auto heard = receive_text(leader_end(other));
        if (!heard) return tl::unexpected(heard.error());
        texts.push_back(std::move(*heard));
      }
      return texts;
    };
    out.broadcast = [this, rank](std::string text) -> Result<std::string> {
      if (rank != 0) return receive_text(end_of(rank));
      for (int other = 1; other < kRanks; ++other)
        if (!send_text(leader_end(other), text)) return lost();
      return text;
    };
    return out;
  }

 private:
  [[nodiscard]] int& leader_end(int rank) { return pairs_[static_cast<std::size_t>(rank - 1)][0]; }
  [[nodiscard]] int& end_of(int rank) { return pairs_[static_cast<std::size_t>(rank - 1)][1]; }

  std::array<std::array<int, 2>, kRanks - 1> pairs_{};
};

std::vector<std::byte> bytes_of(std::int64_t step, std::int64_t rows) {
  return std::vector<std::byte>(static_cast<std::size_t>(rows) * 4, static_cast<std::byte>(step));
}

ShardContents contents_of(std::int64_t step, int rank) {
  ShardContents out;
  out.state.step = step;
  constexpr std::int64_t kEach = kRows / kRanks;
  for (const auto& [section, name] : {std::pair(Section::model, "w"), {Section::optimizer, "w.m"}})
    out.pieces.push_back({section, name, "F32", {kRows}, {{rank * kEach}, {kEach}}, bytes_of(step, kEach)});
  return out;
}

// Writes by as many processes as there are ranks. The victim is killed at its stop number `stops`, an entry into a
// system call or a return from one. Returns whether it lived that long.
bool write_and_kill(const fs::path& folder, std::int64_t step, std::int64_t keep, int victim, int stops) {
  Sockets sockets;
  std::array<pid_t, kRanks> processes{};
  for (int rank = 0; rank < kRanks; ++rank) {
    processes[static_cast<std::size_t>(rank)] = ::fork();
    if (processes[static_cast<std::size_t>(rank)] != 0) continue;
    sockets.keep_only(rank);
    const ShardContents contents = contents_of(step, rank);
    const Ranks ranks = sockets.ranks(rank);
    if (rank == victim) {
      ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      ::raise(SIGSTOP);
    }
    ::_exit(write_shards(folder, contents, keep, ranks) ? 0 : 1);
  }
  sockets.keep_only(-1);
  const pid_t traced = processes[static_cast<std::size_t>(victim)];
  int status = 0;
  ::waitpid(traced, &status, 0);
  for (int stop = 0; stop < stops && WIFSTOPPED(status); ++stop) {
    ::ptrace(PTRACE_SYSCALL, traced, nullptr, nullptr);
    ::waitpid(traced, &status, 0);
  }
  const bool killed = WIFSTOPPED(status);
  if (killed) {
    ::kill(traced, SIGKILL);
    ::waitpid(traced, &status, 0);
  }
  for (const pid_t process : processes)
    if (process != traced) ::waitpid(process, &status, 0);
  return killed;
}

std::int64_t newest_whole(const fs::path& folder) {
  std::vector<std::byte> model(kRows * 4), optimizer(kRows * 4);
  const auto chosen = load_newest(
      folder,
      [&](const Reader& reader) -> Result<void> {
        const auto read = reader.read(std::vector{Wanted{Section::model, "w", "F32", {{0}, {kRows}}, model},
                                                  Wanted{Section::optimizer, "w.m", "F32", {{0}, {kRows}}, optimizer}});
        return read ? Result<void>() : tl::unexpected(read.error());
      },
      Ranks{});
  if (!chosen) return -1;
  EXPECT_EQ(model, bytes_of(chosen->step, kRows));
  EXPECT_EQ(optimizer, bytes_of(chosen->step, kRows));
  return chosen->step;
}

void kill_everywhere(int victim, std::int64_t keep, bool obstructed) {
  TemporaryFolder before;
  ASSERT_FALSE(write_and_kill(before.path(), 10, keep, victim, 1'000'000));
  if (obstructed) fs::create_directory(before / "step-20");
  int stops = 0, newer = 0;
  for (bool killed = true; killed; ++stops) {
    TemporaryFolder folder;
    fs::copy(before.path(), folder.path(), fs::copy_options::recursive);
    killed = write_and_kill(folder.path(), 20, keep, victim, stops);
    const std::int64_t newest = newest_whole(folder.path());
    ASSERT_TRUE(newest == 10 || newest == 20) << newest << " at stop " << stops;
    newer += newest == 20 ? 1 : 0;
    const bool must_be_new = !killed || (!obstructed && fs::exists(folder / "step-20"));
    ASSERT_TRUE(newest == 20 || !must_be_new) << "at stop " << stops;
    if (stops % 10 != 0) continue;
    ASSERT_FALSE(write_and_kill(folder.path(), 30, keep, victim, 1'000'000));
    EXPECT_EQ(newest_whole(folder.path()), 30);
    for (const auto& entry : fs::directory_iterator(folder.path()))
      EXPECT_FALSE(entry.path().filename().string().starts_with(".tmp-")) << entry.path();
  }
  EXPECT_GT(stops, 20);
  EXPECT_GT(newer, 0);
  testing::Test::RecordProperty("stops", stops);
}

TEST(ShardCrash, TheLeaderKilledAtAnySystemCallLeavesAWholeCheckpoint) { kill_everywhere(0, 1, false); }

TEST(ShardCrash, AnyOtherRankKilledAtAnySystemCallLeavesAWholeCheckpoint) { kill_everywhere(1, 1, false); }

TEST(ShardCrash, TheLeaderKilledWhileItMakesRoomLeavesAWholeCheckpoint) { kill_everywhere(0, 10, true); }

}  // namespace
}  // namespace athanor::checkpoint
