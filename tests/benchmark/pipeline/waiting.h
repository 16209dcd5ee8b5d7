// Stages that wait a given time instead of computing, and processes to have them in: several ranks then share the cores
// of one host as if each had its own. For benchmarks of the runtime of pipelines.
#pragma once

#include "core/comm/group.h"
#include "core/distributed/stage_work.h"
#include "core/parallel/cost_model.h"
#include "core/tensor/context.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace athanor::distributed::bench {

using parallel::OpKind;
using parallel::StageCost;

inline constexpr StageCost kUnequal{.forward = 1, .input_gradient = 1.15, .weight_gradient = 0.85};
inline std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

// Of this thread's own work, whoever else has the cores.
inline std::int64_t cpu_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

inline double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Waits the time of each op, 0 for none, and gives messages of one size.
class WaitingStage final : public StageWork {
 public:
  WaitingStage(Context& context, const StageCost& cost_ns, std::int64_t numbers)
      : context_(context), cost_(cost_ns), message_(context.full({numbers}, 1.0f)) {}

  Tensor make_input_space(int) override { return context_.empty(message_.shape()); }
  Tensor make_output_gradient_space(int) override { return context_.empty(message_.shape()); }
  Tensor forward(int, const Tensor&) override { return work(OpKind::forward); }
  Tensor input_gradient(int, const Tensor&) override { return work(OpKind::input_gradient); }
  Tensor backward(int, const Tensor&) override { return work(OpKind::backward); }
  void weight_gradient(int) override { work(OpKind::weight_gradient); }
  void step() override {}

  [[nodiscard]] std::int64_t take_cpu_ns() noexcept { return std::exchange(cpu_ns_, 0); }

 private:
  Tensor work(OpKind kind) {
    const std::int64_t begin = cpu_ns();
    wait(kind);
    cpu_ns_ += cpu_ns() - begin;
    return message_;
  }
  void wait(OpKind kind) const {
    const auto time = static_cast<std::int64_t>(parallel::compute_time(cost_, kind));
    if (time > 0) {
      const std::int64_t until = now_ns() + time;
      const timespec at{.tv_sec = until / 1'000'000'000, .tv_nsec = until % 1'000'000'000};
      while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) != 0) {
      }
    }
  }

  Context& context_;
  StageCost cost_;
  Tensor message_;
  std::int64_t cpu_ns_ = 0;  // for waiting
};

// Seconds of all cores together since the machine began, and of these programs' children.
struct CoreTime {
  double all = 0, busy = 0, ours = 0;

  static CoreTime now() {
    std::ifstream in("/proc/stat");
    std::string word;
    in >> word;
    CoreTime time;
    double ticks = 0;
    for (int column = 0; column < 8 && in >> ticks; ++column) {
      constexpr int kIdle = 3, kWaiting = 4;
      time.all += ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
      if (column != kIdle && column != kWaiting) time.busy += ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }
    rusage used{};
    ::getrusage(RUSAGE_CHILDREN, &used);
    for (const timeval& part : {used.ru_utime, used.ru_stime})
      time.ours += static_cast<double>(part.tv_sec) + static_cast<double>(part.tv_usec) / 1e6;
    return time;
  }
  [[nodiscard]] double others_since(const CoreTime& before) const {
    return std::max(0.0, (busy - before.busy - (ours - before.ours)) / (all - before.all));
  }
};

// In processes of their own; false where one failed.
inline bool in_processes(int count, const std::function<void(comm::Group&)>& work) {
  const CoreTime before = CoreTime::now();
  std::string folder = "/dev/shm/athanor-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return false;
  std::fflush(stdout);
  std::vector<pid_t> children;
  for (int rank = 0; rank < count; ++rank) {
    const pid_t pid = ::fork();
    if (pid != 0) {
      children.push_back(pid);
      continue;
    }
    ::prctl(PR_SET_TIMERSLACK, 1);
    int status = 0;
    try {
      const auto group = comm::join_processes(folder, count, rank, {.timeout = std::chrono::seconds(60), .digest = {}});
      work(*group);
    } catch (const std::exception& exception) {
      fmt::print(stderr, "rank {}: {}\n", rank, exception.what());
      status = 1;
    }
    std::fflush(stdout);
    ::_exit(status);
  }
  bool good = true;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    good = good && status == 0;
  }
  std::filesystem::remove_all(folder);
  fmt::print("  meanwhile other programs took {:.0f} % of the cores\n", 100 * CoreTime::now().others_since(before));
  return good;
}

}  // namespace athanor::distributed::bench
