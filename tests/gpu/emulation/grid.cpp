#include "tests/gpu/emulation/grid.h"

#include <algorithm>
#include <csetjmp>
#include <exception>
#include <memory>
#include <stdexcept>
#include <ucontext.h>
#include <utility>
#include <vector>

dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace athanor::emulation {

namespace {

constexpr int kLanes = 32;
constexpr std::size_t kStackBytes = std::size_t{64} << 10;

enum class State { ready, at_block_barrier, at_warp_barrier, done };

// A fiber starts through its ucontext; from then on jumps change between it and the scheduler, which costs no system
// call.
struct Fiber {
  ucontext_t context{};
  std::jmp_buf resume_at{};
  bool started = false;
  std::unique_ptr<char[]> stack = std::make_unique<char[]>(kStackBytes);
  State state = State::ready;
  dim3 thread;
};

// Words that lanes gave in one exchange, and which lanes did.
struct Words {
  std::uint64_t of_lane[kLanes] = {};
  unsigned present = 0;
};

struct Warp {
  Words coming;  // filled until all lanes wait
  Words given;   // then read, until all wait again
};

class Block {
 public:
  void run(const std::function<void()>& body, unsigned order) {
    body_ = &body;
    const std::size_t threads = std::size_t{blockDim.x} * blockDim.y * blockDim.z;
    while (fibers_.size() < threads) fibers_.push_back(std::make_unique<Fiber>());
    warps_.assign((threads + kLanes - 1) / kLanes, Warp{});
    for (std::size_t i = 0; i < threads; ++i) start(*fibers_[i], i);
    do {
      const std::size_t warps = warps_.size();
      for (std::size_t turn = 0; turn < warps; ++turn) run_warp(permuted(turn, warps, order), threads, order);
    } while (release_block(threads));
    if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
  }

  void wait(State state) {
    Fiber& fiber = *fibers_[current_];
    fiber.state = state;
    if (_setjmp(fiber.resume_at) == 0) leave();
  }

  [[nodiscard]] int lane() const { return static_cast<int>(current_ % kLanes); }

  std::uint64_t exchange(std::uint64_t word, int source) {
    const Words& given = give(word);
    if (!(given.present & (1u << source))) throw std::logic_error("a lane reads from one that gave nothing");
    return given.of_lane[source];
  }

  unsigned ballot(bool predicate) {
    const Words& given = give(predicate ? 1 : 0);
    unsigned votes = 0;
    for (int lane = 0; lane < kLanes; ++lane)
      if (given.present & (1u << lane)) votes |= static_cast<unsigned>(given.of_lane[lane]) << lane;
    return votes;
  }

 private:
  const Words& give(std::uint64_t word) {
    Warp& warp = warps_[current_ / kLanes];
    warp.coming.of_lane[lane()] = word;
    warp.coming.present |= 1u << lane();
    wait(State::at_warp_barrier);
    return warp.given;
  }

  void start(Fiber& fiber, std::size_t index) {
    fiber.state = State::ready;
    fiber.started = false;
    const auto at = static_cast<unsigned>(index);
    fiber.thread = {at % blockDim.x, at / blockDim.x % blockDim.y, at / blockDim.x / blockDim.y};
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStackBytes;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, &Block::enter, 0);
  }

  static void enter();

  void resume(std::size_t index) {
    Fiber& fiber = *fibers_[index];
    if (fiber.state != State::ready) return;
    current_ = index;
    threadIdx = fiber.thread;
    if (_setjmp(scheduler_) != 0) return;
    if (std::exchange(fiber.started, true)) std::longjmp(fiber.resume_at, 1);
    setcontext(&fiber.context);
    throw std::logic_error("a fiber could not be entered");
  }

  [[noreturn]] void leave() { std::longjmp(scheduler_, 1); }

  static std::size_t permuted(std::size_t turn, std::size_t count, unsigned order) {
    const std::size_t shifted = (turn + order / 2) % count;
    return (order & 1) ? count - 1 - shifted : shifted;
  }

  // Each warp runs as far as it can before the next one's turn: the largest difference in pace that barriers allow.
  void run_warp(std::size_t warp, std::size_t threads, unsigned order) {
    const std::size_t first = warp * kLanes, lanes = std::min<std::size_t>(kLanes, threads - first);
    do {
      for (std::size_t turn = 0; turn < lanes; ++turn) resume(first + permuted(turn, lanes, order));
    } while (release_warp(warp, first, first + lanes));
  }

  // A warp goes on when all its lanes that still run wait for each other.
  bool release_warp(std::size_t warp, std::size_t first, std::size_t end) {
    bool any = false;
    for (std::size_t i = first; i < end; ++i) {
      if (fibers_[i]->state == State::at_block_barrier) return false;
      any = any || fibers_[i]->state == State::at_warp_barrier;
    }
    if (any) warps_[warp].given = std::exchange(warps_[warp].coming, Words{});
    release(first, end, State::at_warp_barrier);
    return any;
  }

  // False when every thread is done.
  bool release_block(std::size_t threads) {
    bool any = false;
    for (std::size_t i = 0; i < threads; ++i) {
      if (fibers_[i]->state == State::at_warp_barrier)
        throw std::logic_error("lanes of one warp wait for different things");
      any = any || fibers_[i]->state == State::at_block_barrier;
    }
    release(0, threads, State::at_block_barrier);
    return any;
  }

  void release(std::size_t first, std::size_t end, State from) {
    for (std::size_t i = first; i < end; ++i)
      if (fibers_[i]->state == from) fibers_[i]->state = State::ready;
  }

  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Warp> warps_;
  std::size_t current_ = 0;
  const std::function<void()>* body_ = nullptr;
  std::jmp_buf scheduler_{};
  std::exception_ptr fault_;
};

Block& block() {
  static Block only;
  return only;
}

std::int64_t grids = 0;

// An exception must not leave a fiber's stack: it is kept, and thrown again where the grid was started.
void Block::enter() {
  Block& self = block();
  const std::size_t index = self.current_;
  try {
    (*self.body_)();
  } catch (...) {
    self.fault_ = std::current_exception();
  }
  self.fibers_[index]->state = State::done;
  self.leave();
}

}  // namespace

void run_grid(dim3 grid, dim3 threads, const std::function<void()>& thread) {
  if (threads.x * threads.y * threads.z > 1024) throw std::logic_error("a block of more than 1024 threads");
  if (grid.y > 65535 || grid.z > 65535) throw std::logic_error("a grid too large in y or z");
  gridDim = grid;
  blockDim = threads;
  const auto order = static_cast<unsigned>(grids++);
  for (unsigned z = 0; z < grid.z; ++z)
    for (unsigned y = 0; y < grid.y; ++y)
      for (unsigned x = 0; x < grid.x; ++x) {
        blockIdx = {x, y, z};
        block().run(thread, order);
      }
}

void wait_for_block() { block().wait(State::at_block_barrier); }

int lane() { return block().lane(); }

std::uint64_t exchange_word(std::uint64_t word, int source) { return block().exchange(word, source); }

unsigned ballot(bool predicate) { return block().ballot(predicate); }

std::int64_t grids_run() { return grids; }

}  // namespace athanor::emulation
