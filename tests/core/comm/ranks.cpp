#include "tests/core/comm/ranks.h"

#include "kernels/base/error.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace athanor::comm {
namespace {

std::string words_of(const std::function<void()>& work) {
  try {
    work();
    return {};
  } catch (const std::exception& exception) {
    return exception.what();
  }
}

void wait_until(const std::function<bool()>& holds, const std::string& what) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!holds()) {
    require(std::chrono::steady_clock::now() < deadline, "it has waited in vain for " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace

Endings run_processes(int size, const std::function<void(const std::string& folder, int rank)>& work) {
  std::string folder = "/dev/shm/athanor-comm-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no folder in /dev/shm");
  struct Child {
    pid_t pid;
    int words;
  };
  std::vector<Child> children;
  for (int rank = 0; rank < size; ++rank) {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) throw std::runtime_error("no pipe");
    const pid_t pid = ::fork();
    if (pid == 0) {
      const std::string words = words_of([&] { work(folder, rank); });
      const bool told = ::write(pipe[1], words.data(), words.size()) == static_cast<ssize_t>(words.size());
      ::_exit(told ? 0 : 1);
    }
    ::close(pipe[1]);
    children.push_back({pid, pipe[0]});
  }
  Endings endings;
  for (const Child& child : children) {
    std::string words;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(child.words, buffer.data(), buffer.size())) > 0;)
      words.append(buffer.data(), static_cast<std::size_t>(got));
    ::close(child.words);
    int status = 0;
    ::waitpid(child.pid, &status, 0);
    if (WIFSIGNALED(status)) words = std::string("ended by ") + ::strsignal(WTERMSIG(status));
    endings.push_back(words);
  }
  std::filesystem::remove_all(folder);
  return endings;
}

Endings run_ranks(Kind kind, int size, const GroupOptions& options, const std::function<void(Group&)>& work) {
  if (kind == Kind::processes) {
    return run_processes(size, [&](const std::string& folder, int rank) {
      const auto group = join_processes(folder, size, rank, options);
      work(*group);
    });
  }
  Endings endings(static_cast<std::size_t>(size));
  try {
    run_threads(size, options, [&](Group& group) {
      try {
        work(group);
      } catch (const std::exception& exception) {
        endings[static_cast<std::size_t>(group.world().rank())] = exception.what();
        throw;
      }
    });
  } catch (const std::exception& exception) {
    if (std::ranges::all_of(endings, [](const std::string& ending) { return ending.empty(); }))
      endings.front() = exception.what();
  }
  return endings;
}

void require(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error(what);
}

void wait_for_fault(Group& group) {
  wait_until([&] { return group.board().has_fault(); }, "a fault");
}

Counter::Counter()
    : count_(static_cast<std::atomic<int>*>(
          ::mmap(nullptr, sizeof *count_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
Counter::~Counter() { ::munmap(count_, sizeof *count_); }

void Counter::wait_for(int count) const {
  wait_until([&] { return this->count() >= count; }, "the other processes");
}

void stop_until(const Counter& counter, int count) {
  const pid_t stopped = ::getpid();
  if (::fork() == 0) {
    while (counter.count() < count) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ::kill(stopped, SIGCONT);
    ::_exit(0);
  }
  ::kill(stopped, SIGSTOP);
}

}  // namespace athanor::comm
