// How ranks come together: as threads of one process, as processes on one host, or over a network.
#pragma once

#include "core/comm/board.h"
#include "core/comm/communicator.h"
#include "core/comm/message.h"
#include "core/comm/network_transport.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace athanor::comm {

struct GroupOptions {
  std::chrono::milliseconds timeout = std::chrono::seconds(30);  // of each call, until set otherwise
  std::string digest;  // of what the group is to do; who comes with another one is refused
  // Asked again and again while ranks of processes meet, from another thread; may be empty. Once it says true, none
  // waits for the others any longer.
  std::function<bool()> given_up = {};
  // May change what each message says of itself, to see what then happens. Null: nothing stands between.
  std::function<void(Stamp&)> damage = {};
};

// One rank's part of a group. Destroyed after every communicator that was split from its world; if by an exception on
// its way out, the waits of the others end.
class Group {
 public:
  Group(std::shared_ptr<Board> board, std::unique_ptr<Communicator> world);
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  [[nodiscard]] Communicator& world() noexcept { return *world_; }
  [[nodiscard]] Board& board() noexcept { return *board_; }

 private:
  std::shared_ptr<Board> board_;
  std::unique_ptr<Communicator> world_;
  int exceptions_;  // on their way when it was made
};

// Runs `work` on `size` threads, each with its part, and waits for all. A rank that throws ends the waits of the others
// with its reason; the first thing thrown is thrown again.
void run_threads(int size, const GroupOptions& options, const std::function<void(Group&)>& work);

// For one of `size` processes on this host. `folder` is this group's alone, best in memory (/dev/shm), and exists.
// Throws Failure(communication) naming who has not come, or invalid_input naming who came with another digest, and for
// a rank that is not of this size.
[[nodiscard]] std::unique_ptr<Group> join_processes(const std::filesystem::path& folder, int size, int rank,
                                                    const GroupOptions& options);

// The board of a group of processes that is to meet in `folder`, for one that is no rank of it and only reads. To be
// called before the first rank comes. Throws Failure(io).
[[nodiscard]] std::unique_ptr<Board> watch_processes(const std::filesystem::path& folder, int size);

// For one of as many processes on several hosts as `hosts` has words: those with the same word share memory through
// `folder`, a folder on each host; others speak over the network. Throws as join_processes() does.
[[nodiscard]] std::unique_ptr<Group> join_hosts(const Network& network, const std::filesystem::path& folder,
                                                const std::vector<std::string>& hosts, int rank,
                                                const GroupOptions& options);

}  // namespace athanor::comm
