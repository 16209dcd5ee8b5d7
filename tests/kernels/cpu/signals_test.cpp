#if defined(__x86_64__)

#include "kernels/base/error.h"
#include "kernels/base/exec.h"
#include "kernels/cpu/dnnl_conv.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/conv/conv2d.h"
#include "kernels/ops/gemm/linear.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <pthread.h>
#include <string>
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

// Calls the op again and again while this thread is interrupted; `workspace_bytes` is asked for each thread count.
template <class Run, class Workspace>
void expect_no_interruption(const Workspace& workspace_bytes, const Run& run) {
  for (const int threads : {1, 2}) {
    Exec exec;
    exec.threads = threads;
    std::vector<std::byte> workspace(workspace_bytes(exec) + 64);
    exec.workspace = workspace.data();
    exec.workspace_bytes = workspace.size();
    handled = away_from_the_stack = 0;
    const Interruptions interruptions;
    while (handled < 40) run(exec);
    EXPECT_EQ(away_from_the_stack, 0) << "of " << handled;
  }
}

TEST(Signals, NeverInterruptAProductWhoseStackPointerIsInTheHeap) {
  constexpr std::int64_t kRows = 256, kInputs = 784, kOutputs = 1024;
  std::vector<float> x(kRows * kInputs, 0.5f), w(kOutputs * kInputs, 0.25f), y(kRows * kOutputs);
  LinearArgs args;
  args.x = View(x.data(), DType::f32, {kRows, kInputs});
  args.w = View(w.data(), DType::f32, {kOutputs, kInputs});
  args.y = View(y.data(), DType::f32, {kRows, kOutputs});
  expect_no_interruption([&](const Exec& exec) { return linear_workspace_bytes(exec, args); },
                         [&](const Exec& exec) { linear(exec, args); });
  EXPECT_EQ(y.back(), 98.0f);
}

// Strides of 1 and 2: Winograd's products, and the library's own convolutions.
TEST(Signals, NeverInterruptAConvolutionWhoseStackPointerIsInTheHeap) {
  constexpr std::int64_t kImages = 32, kPixels = 32, kChannels = 64;
  for (const int stride : {1, 2}) {
    const std::int64_t out = kPixels / stride;
    std::vector<float> x(kImages * kPixels * kPixels * kChannels, 0.5f), w(kChannels * 9 * kChannels, 0.25f),
        y(kImages * out * out * kChannels), dx(x.size()), dw(w.size());
    const View images(x.data(), DType::f32, {kImages, kPixels, kPixels, kChannels}),
        weights(w.data(), DType::f32, {kChannels, 3, 3, kChannels}),
        maps(y.data(), DType::f32, {kImages, out, out, kChannels});
    const Conv2dArgs forward{.x = images, .w = weights, .stride = stride, .padding = 1, .y = maps};
    Conv2dGradArgs gradient{.x = images, .w = weights, .dy = maps, .stride = stride, .padding = 1};
    gradient.dx = View(dx.data(), DType::f32, images.shape);
    gradient.dw = View(dw.data(), DType::f32, weights.shape);
    expect_no_interruption([&](const Exec& exec) { return conv2d_workspace_bytes(exec, forward); },
                           [&](const Exec& exec) { conv2d(exec, forward); });
    expect_no_interruption([&](const Exec& exec) { return conv2d_grad_workspace_bytes(exec, gradient); },
                           [&](const Exec& exec) { conv2d_grad(exec, gradient); });
    EXPECT_NEAR(y[static_cast<std::size_t>((out + 1) * kChannels)], 72.0f, 0.01f);
  }
}

TEST(Signals, AProductOutsideABlockIsRefused) {
  const float a = 2.0f, b = 3.0f;
  float c = 0.0f;
  const cpu::GemmArgs product{.m = 1, .n = 1, .k = 1, .a = &a, .lda = 1, .b = &b, .ldb = 1, .c = &c, .ldc = 1};
  try {
    cpu::gemm(product);
    ADD_FAILURE() << "the product was computed";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().kind, ErrorKind::internal);
    EXPECT_NE(std::string(failure.what()).find("outside a block"), std::string::npos) << failure.what();
  }
  EXPECT_EQ(c, 0.0f);
  cpu::parallel_for(1, 1, [&](std::int64_t) { cpu::gemm(product); });
  EXPECT_EQ(c, 6.0f);
}

TEST(Signals, AConvolutionOutsideABlockIsRefused) {
  const cpu::ConvPlan& plan = cpu::conv_plan(
      cpu::ConvPass::forward,
      {.batch = 1, .in_h = 4, .in_w = 4, .in_c = 8, .out_h = 4, .out_w = 4, .out_c = 8, .kernel_h = 1, .kernel_w = 1});
  std::vector<float> numbers(1024, 1.0f);
  EXPECT_THROW(plan.execute(numbers.data(), numbers.data(), nullptr, numbers.data(), numbers.data()), Failure);
  EXPECT_THROW(plan.pack_weights(numbers.data(), numbers.data()), Failure);
  EXPECT_THROW(plan.unpack_weights(numbers.data(), numbers.data()), Failure);
}

}  // namespace
}  // namespace athanor::kernels

#endif
