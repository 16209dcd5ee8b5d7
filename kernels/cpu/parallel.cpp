#include "kernels/cpu/parallel.h"

#include "kernels/base/error.h"
#include "kernels/cpu/block.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <mutex>
#include <omp.h>
#include <thread>
#include <utility>
#include <vector>

namespace athanor::kernels::cpu {

namespace {

// Long enough to bridge the gap between two kernels of a training step, short enough to leave an idle machine alone.
constexpr int kSpins = 4000;

inline void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

thread_local bool inside_block = false;

sigset_t signals_from_outside() {
  sigset_t set;
  sigfillset(&set);
  for (const int own_fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) sigdelset(&set, own_fault);
  return set;
}

// What holds for a thread while it runs blocks. Libraries that use OpenMP stay on the thread they were called on.
// Signal handlers wait: the matrix products that oneDNN 2.6 generates keep their stack pointer inside their scratch on
// the heap, where the frame of a handler would overwrite whatever lies below.
class BlockScope {
 public:
  BlockScope() : outer_(inside_block) {
    if (outer_) return;
    static const sigset_t held_back = signals_from_outside();
    pthread_sigmask(SIG_BLOCK, &held_back, &signals_before_);
    threads_before_ = omp_get_max_threads();
    omp_set_num_threads(1);
    inside_block = true;
  }
  ~BlockScope() {
    if (outer_) return;
    inside_block = false;
    omp_set_num_threads(threads_before_);
    pthread_sigmask(SIG_SETMASK, &signals_before_, nullptr);
  }
  BlockScope(const BlockScope&) = delete;
  BlockScope& operator=(const BlockScope&) = delete;

 private:
  bool outer_;
  int threads_before_ = 1;
  sigset_t signals_before_{};
};

struct Job {
  BlockFunction function = nullptr;
  void* context = nullptr;
  std::int64_t blocks = 0;
  std::atomic<std::int64_t> next{0};
  std::atomic<int> running{0};
  std::mutex fault_lock;
  std::exception_ptr fault;

  void work(int worker) noexcept {
    for (;;) {
      const std::int64_t block = next.fetch_add(1, std::memory_order_relaxed);
      if (block >= blocks) return;
      try {
        function(context, block, worker);
      } catch (...) {
        const std::lock_guard lock(fault_lock);
        if (!fault) fault = std::current_exception();
        next.store(blocks, std::memory_order_relaxed);
      }
    }
  }
};

// The number of the job and its width travel in one word, so a helper never reads them from different jobs.
struct Ticket {
  static constexpr std::uint64_t kWidthBits = 16;
  static constexpr std::uint64_t next(std::uint64_t ticket, int width) {
    return (((ticket >> kWidthBits) + 1) << kWidthBits) | static_cast<std::uint64_t>(width);
  }
  static constexpr int width(std::uint64_t ticket) { return static_cast<int>(ticket & ((1u << kWidthBits) - 1)); }
};

class Pool {
 public:
  ~Pool() {
    stopping_.store(true);
    publish(0);
    for (auto& thread : threads_) thread.join();
  }

  // False when another caller holds the pool.
  bool try_run(int width, std::int64_t blocks, BlockFunction function, void* context) {
    const std::unique_lock busy(busy_, std::try_to_lock);
    if (!busy.owns_lock()) return false;
    while (static_cast<int>(threads_.size()) < width - 1) start_helper();
    job_.function = function;
    job_.context = context;
    job_.blocks = blocks;
    job_.fault = nullptr;
    job_.next.store(0, std::memory_order_relaxed);
    job_.running.store(width - 1, std::memory_order_relaxed);
    publish(width);
    {
      const BlockScope scope;
      job_.work(0);
    }
    for (int spin = 0; job_.running.load(std::memory_order_acquire) != 0; ++spin) relax(spin);
    if (job_.fault) std::rethrow_exception(std::exchange(job_.fault, nullptr));
    return true;
  }

 private:
  static void relax(int spin) noexcept {
    if (spin < kSpins)
      pause();
    else
      std::this_thread::yield();
  }

  void start_helper() {
    const int worker = static_cast<int>(threads_.size()) + 1;
    threads_.emplace_back([this, worker, seen = ticket_.load()] { serve(worker, seen); });
  }

  void publish(int width) {
    ticket_.store(Ticket::next(ticket_.load(), width));
    if (sleeping_.load() == 0) return;
    { const std::lock_guard lock(mutex_); }
    wake_.notify_all();
  }

  void serve(int worker, std::uint64_t seen) {
    const BlockScope scope;
    for (;;) {
      seen = wait_beyond(seen);
      if (stopping_.load()) return;
      if (worker >= Ticket::width(seen)) continue;
      job_.work(worker);
      job_.running.fetch_sub(1, std::memory_order_release);
    }
  }

  std::uint64_t wait_beyond(std::uint64_t seen) {
    for (int spin = 0; spin < kSpins; ++spin) {
      const auto ticket = ticket_.load(std::memory_order_acquire);
      if (ticket != seen) return ticket;
      pause();
    }
    std::unique_lock lock(mutex_);
    ++sleeping_;
    wake_.wait(lock, [&] { return ticket_.load() != seen; });
    --sleeping_;
    return ticket_.load();
  }

  Job job_;
  std::mutex busy_, mutex_;
  std::condition_variable wake_;
  std::atomic<std::uint64_t> ticket_{0};
  std::atomic<int> sleeping_{0};
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

Pool& pool() {
  static Pool instance;
  return instance;
}

}  // namespace

bool is_inside_block() noexcept { return inside_block; }

void require_block(const char* intention) {
  if (!inside_block)
    throw Failure(ErrorKind::internal, intention,
                  "it was called outside a block of parallel_for, where handlers of signals could overwrite memory",
                  "Please report this with the recipe that led here");
}

void run_blocks(int threads, std::int64_t blocks, BlockFunction function, void* context) {
  if (blocks <= 0) return;
  const int width = static_cast<int>(std::min<std::int64_t>(std::max(threads, 1), blocks));
  if (width > 1 && !inside_block && pool().try_run(width, blocks, function, context)) return;
  const BlockScope scope;
  for (std::int64_t block = 0; block < blocks; ++block) function(context, block, 0);
}

}  // namespace athanor::kernels::cpu
