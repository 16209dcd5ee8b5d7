// What every rank of a group says of itself, where the others can read it without asking: that it lives, what part of
// its work it is in and which call it waits in. It turns "a deadline has passed" into the rank, the operation and the
// cause.
#pragma once

#include "core/comm/communicator.h"
#include "core/comm/region.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace athanor::comm {

// One rank's own words.
struct Status {
  std::int64_t pid = 0;
  std::int64_t beat_ns = 0;     // CLOCK_MONOTONIC, one clock for the whole host
  std::string section;          // "forward", "data", …
  std::int64_t section_ns = 0;  // since when
  // The call it is in; Op::none when it is in none. Else the last one it came back from.
  Op op = Op::none;
  bool inside = false;
  std::string communicator;
  std::uint32_t sequence = 0;
  std::int64_t bytes = 0;
  int peer = -1;
  std::int64_t call_ns = 0;
};

class Board {
 public:
  [[nodiscard]] static std::size_t bytes_for(int size);
  // `region` holds bytes_for(size); this rank says that it lives from now on.
  Board(std::shared_ptr<Region> region, int size, int rank);
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  [[nodiscard]] int size() const noexcept { return size_; }
  void enter_section(std::string_view name) noexcept;
  void enter_call(Op op, std::string_view communicator, std::uint32_t sequence, std::int64_t bytes, int peer) noexcept;
  void leave_call() noexcept;

  [[nodiscard]] Status status(int rank) const;
  // Why the group is at its end: the first cause that any rank noted. What follows, such as ranks that leave, is not
  // the cause.
  void note_fault(std::string_view cause) noexcept;
  [[nodiscard]] std::optional<std::string> fault() const;
  // Why this call does not end, as far as the others' words tell: "rank 2 has died", "rank 1 has not come to call 17,
  // an all_reduce of 4096 bytes: it has been in data for 3.1 s". `members` are ranks of the group.
  struct Culprit {
    int rank = 0;
    std::string cause;
  };
  [[nodiscard]] std::optional<Culprit> explain(const std::vector<int>& members, const Status& mine) const;

 private:
  struct Head;
  struct Slot;
  [[nodiscard]] Head& head() const noexcept;
  [[nodiscard]] Slot& slot(int rank) const noexcept;
  template <class Write>
  void write(Write&& what) noexcept;

  std::shared_ptr<Region> region_;
  int size_;
  int rank_;
  std::jthread heart_;
};

}  // namespace athanor::comm
