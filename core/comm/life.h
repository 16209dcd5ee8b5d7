// Whether another process on this host still lives.
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace athanor::comm {

// Of another process of the same process namespace. Keeps one descriptor while it lives.
class Life {
 public:
  explicit Life(pid_t pid) : pid_(pid) {}
  ~Life();
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  // Also while its parent has not asked for it. Where no descriptor can be had, the kernel is asked by number; what
  // cannot be found out counts as alive.
  [[nodiscard]] bool has_ended() noexcept;

 private:
  pid_t pid_;
  int descriptor_ = -1;
  bool ended_ = false;
};

// Numbers of processes mean the same where this is the same; containers that share memory may differ.
[[nodiscard]] std::uint64_t process_namespace() noexcept;

}  // namespace athanor::comm
