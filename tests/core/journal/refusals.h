// What a process does that the kernel refuses some calls to.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace athanor::journal {

// A call whose argument, an offset, is at least `from` fails with `error`.
struct Refusal {
  std::uint32_t call = 0;
  std::size_t argument = 0;
  std::uint32_t from = 0;
  std::uint32_t error = 0;
};

// In this process and for good.
inline void refuse(const std::vector<Refusal>& refusals) {
  std::vector<sock_filter> filter;
  for (const Refusal& refusal : refusals) {
    const auto argument =
        static_cast<std::uint32_t>(offsetof(seccomp_data, args) + refusal.argument * sizeof(std::uint64_t));
    filter.push_back({BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)});
    filter.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 3, refusal.call});
    filter.push_back({BPF_LD | BPF_W | BPF_ABS, 0, 0, argument});
    filter.push_back({BPF_JMP | BPF_JGE | BPF_K, 0, 1, refusal.from});
    filter.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | refusal.error});
  }
  filter.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    ::_exit(99);
}

// What `work` says in a process of its own that is so refused.
inline std::string said_under(const std::vector<Refusal>& refusals, const std::function<std::string()>& work) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    refuse(refusals);
    const std::string text = work();
    ::_exit(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text(4096, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(ends[0], text.data(), text.size()))));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return text;
}

}  // namespace athanor::journal
