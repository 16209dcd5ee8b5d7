#if defined(__x86_64__)

#include "kernels/base/exec.h"
#include "kernels/ops/gemm/linear.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <pthread.h>
#include <thread>
#include <ucontext.h>
#include <vector>

namespace athanor::kernels {
namespace {

std::uintptr_t stack_begin = 0, stack_end = 0;
std::atomic<int> handled = 0, away_from_the_stack = 0;

void look_at_the_stack_pointer(int, siginfo_t*, void* context) {
  const auto pointer = static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP]);
  ++handled;
  if (pointer < stack_begin || pointer >= stack_end) ++away_from_the_stack;
}

// Interrupts this thread many times a millisecond. The handler has a stack of its own, so that a stack pointer which is
// elsewhere is seen and nothing is overwritten.
class Interruptions {
 public:
  Interruptions() {
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    void* begin = nullptr;
    std::size_t size = 0;
    pthread_attr_getstack(&attributes, &begin, &size);
    pthread_attr_destroy(&attributes);
    stack_begin = reinterpret_cast<std::uintptr_t>(begin);
    stack_end = stack_begin + size;
    const stack_t own{.ss_sp = memory_.data(), .ss_flags = 0, .ss_size = memory_.size()};
    sigaltstack(&own, &stack_before_);
    struct sigaction action {};
    action.sa_sigaction = look_at_the_stack_pointer;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigaction(SIGUSR1, &action, &action_before_);
    sender_ = std::thread([this, target = pthread_self()] {
      while (!ended_) {
        pthread_kill(target, SIGUSR1);
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
    });
  }
  ~Interruptions() {
    ended_ = true;
    sender_.join();
    sigaction(SIGUSR1, &action_before_, nullptr);
    sigaltstack(&stack_before_, nullptr);
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;

 private:
  std::array<std::byte, 65536> memory_{};
  stack_t stack_before_{};
  struct sigaction action_before_ {};
  std::atomic<bool> ended_ = false;
  std::thread sender_;
};

TEST(Signals, NeverInterruptAProductWhoseStackPointerIsInTheHeap) {
  constexpr std::int64_t kRows = 256, kInputs = 784, kOutputs = 1024;
  std::vector<float> x(kRows * kInputs, 0.5f), w(kOutputs * kInputs, 0.25f), y(kRows * kOutputs);
  LinearArgs args;
  args.x = View(x.data(), DType::f32, {kRows, kInputs});
  args.w = View(w.data(), DType::f32, {kOutputs, kInputs});
  args.y = View(y.data(), DType::f32, {kRows, kOutputs});
  for (const int threads : {1, 2}) {
    Exec exec;
    exec.threads = threads;
    std::vector<std::byte> workspace(linear_workspace_bytes(exec, args) + 64);
    exec.workspace = workspace.data();
    exec.workspace_bytes = workspace.size();
    handled = away_from_the_stack = 0;
    const Interruptions interruptions;
    while (handled < 40) linear(exec, args);
    EXPECT_EQ(away_from_the_stack, 0) << "of " << handled;
    EXPECT_EQ(y.back(), 98.0f);
  }
}

}  // namespace
}  // namespace athanor::kernels

#endif
