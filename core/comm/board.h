// What every rank of a group says of itself, where the others can read it without asking: that it lives, what part of
// its work it is in and which calls it waits in. It turns "a deadline has passed" into the rank, the operation and the
// cause. It also says when the group is at its end: the first fault that any rank notes ends every wait of all.
//
// Ranks on this host share it; what ranks of other hosts say is heard (hear()) and read here the same way. All
// functions may be called from any thread.
#pragma once

#include "core/comm/communicator.h"
#include "core/comm/region.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace athanor::comm {

// Times are of the steady clock of this host, in nanoseconds.
struct CallStatus {
  Op op = Op::none;
  std::string communicator;
  std::uint32_t sequence = 0;
  std::int64_t bytes = 0;
  int peer = -1;  // rank of the whole group
  std::int64_t since_ns = 0;

  [[nodiscard]] bool operator==(const CallStatus&) const = default;
};

// One rank's own words.
struct Status {
  bool has_come = false;
  bool has_left = false;  // its part of the group is destroyed
  std::int64_t beat_ns = 0;
  std::string section;  // "forward", "data", …
  std::int64_t section_ns = 0;
  std::int64_t returned_ns = 0;   // when it last came back from a call
  std::vector<CallStatus> calls;  // it is in; several where several threads have a communicator each

  [[nodiscard]] bool operator==(const Status&) const = default;
};

class Board {
 public:
  [[nodiscard]] static std::size_t bytes_for(int size);
  // `region` holds bytes_for(size); this rank says that it lives from now on.
  Board(std::shared_ptr<Region> region, int size, int rank);
  // Of one that is no rank: it reads and says nothing.
  Board(std::shared_ptr<Region> region, int size);
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  [[nodiscard]] int size() const noexcept { return size_; }
  [[nodiscard]] int rank() const noexcept { return rank_; }
  void enter_section(std::string_view name) noexcept;
  // Says a ticket for leave_call().
  [[nodiscard]] int enter_call(const CallStatus& call) noexcept;
  void leave_call(int ticket) noexcept;

  [[nodiscard]] Status status(int rank) const;
  [[nodiscard]] bool has_left(int rank) const;
  // What a rank of another host says of itself.
  void hear(int rank, Status status);
  void hear_beat(int rank);

  // Why the group is at its end: the first cause that any rank noted. What follows, such as ranks that leave, is not
  // the cause. A rank on this host that dies is noted by the others themselves, where they number processes alike.
  void note_fault(std::string_view cause) noexcept;
  [[nodiscard]] bool has_fault() const noexcept;
  [[nodiscard]] std::optional<std::string> fault() const;
  // When it was noted; 0 where there is none.
  [[nodiscard]] std::int64_t fault_ns() const noexcept;

  // While it exists, `wake` is called, by any thread and again and again, once there is a fault.
  class Waker {
   public:
    Waker(Board& board, std::function<void()> wake);
    ~Waker();
    Waker(const Waker&) = delete;
    Waker& operator=(const Waker&) = delete;

   private:
    Board& board_;
    std::list<std::function<void()>>::iterator place_;
  };

  // Why this rank's call does not end, as far as the others' words tell: "rank 1 has not come to call 17, an all_reduce
  // of 4096 bytes: it has been in data for 3.1 s". `members` are ranks of the group.
  [[nodiscard]] std::optional<std::string> explain(const std::vector<int>& members, const CallStatus& mine) const;
  // Which of the members is in another call than all others, who are at least two; nothing until all are in one.
  // "rank 1 is in all_gather of 64 bytes, call 17 in world, and all others in all_reduce of 4096 bytes, call 17 in
  // world"
  [[nodiscard]] std::optional<std::string> odd_one(const std::vector<int>& members, const CallStatus& mine) const;
  // "forward"; "its work" where it has not said.
  [[nodiscard]] std::string where(int rank) const;

 private:
  static constexpr std::size_t kCalls = 16;  // that a rank shows; more are carried, but not shown
  struct Head;
  struct Slot;
  [[nodiscard]] Head& head() const noexcept;
  [[nodiscard]] Slot& slot(int rank) const noexcept;
  void beat(const std::stop_token& stop);
  void wake_waiters() noexcept;

  std::shared_ptr<Region> region_;
  int size_;
  int rank_;            // negative: none
  std::mutex writing_;  // what this rank says
  std::array<bool, kCalls> is_taken_{};
  mutable std::mutex hearing_;
  std::vector<std::optional<Status>> heard_;  // by rank; of other hosts
  std::mutex waking_;
  std::list<std::function<void()>> wakers_;
  std::jthread heart_;
};

}  // namespace athanor::comm
