// Executes one rank's part of a pipeline schedule. The calling thread computes, in the order of the rank's list. Beside
// it one lane for each neighbour and direction carries messages, with a communicator and a thread of its own: receives
// are posted ahead, a send waits only where no buffer is free, and there is no barrier over all ranks. As in the
// simulator a receive waits for nobody; the op that needs what it brings does. Results between stages of one rank are
// handed over as they are.
//
// A fault, be it a stage's, a lost peer or a passed deadline, ends the lanes of all ranks; on each rank run() throws
// one Failure that names rank, op and peer. The deadline of the communicator counts from when a receive is posted, so
// it has to be longer than a step.
#pragma once

#include "core/comm/communicator.h"
#include "core/distributed/pipeline_channels.h"
#include "core/distributed/pipeline_lane.h"
#include "core/distributed/pipeline_trace.h"
#include "core/distributed/stage_work.h"
#include "core/parallel/schedule.h"
#include "core/tensor/context.h"
#include "kernels/base/error.h"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::distributed {

// All are called by the thread that runs; any may be empty.
struct PipelinePorts {
  std::function<std::int64_t()> now_ns;  // the clock of the spans; empty: they are not told
  std::function<void(const PipelineSpan&)> tell;
  std::function<void(std::string_view op)> enter;  // before each op that computes; for Board::enter_section
  Context* gpu = nullptr;                          // of stages there, where what they give lies; null: on the host
  // After each op that computes, before its span ends: until what it has queued is done.
  std::function<void()> settle = {};
};

class PipelineRunner {
 public:
  // `pipeline` holds the ranks along the pipeline axis; all of them make their runner at the same time, with the same
  // schedule: of F, I, W, B, sends, receives, REDUCE_GRAD and STEP. `stages` has a place for each stage of the model,
  // filled for those of this rank. Both are referred to and outlive the runner.
  // Throws Failure(invalid_input) with the first fault that `validate` finds, where sends are missing, where the ranks
  // or stages do not match and where another rank has another schedule; unavailable for other kinds of ops.
  PipelineRunner(comm::Communicator& pipeline, const parallel::Schedule& schedule, std::vector<StageWork*> stages,
                 PipelinePorts ports = {});
  ~PipelineRunner();
  PipelineRunner(const PipelineRunner&) = delete;
  PipelineRunner& operator=(const PipelineRunner&) = delete;

  // Does the list once, which is one step. Returns when all that it has sent is with its peers. After a Failure it
  // throws the same again.
  void run();

  // What was sent, and how long the ops that compute have waited for messages, between runs.
  struct Cost {
    std::int64_t sent_bytes = 0;
    double waited_s = 0;
  };
  [[nodiscard]] Cost cost() const;

  // Messages that wait at each end of a channel at most.
  [[nodiscard]] int buffers() const noexcept { return buffers_; }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  // One op of the list.
  struct Action {
    parallel::Op op;
    std::string text;
    std::size_t lane = kNone;     // in lanes_: of a send or receive, or of what an op that computes waits for
    std::size_t receive = kNone;  // in actions_: what brings that
    std::uint64_t message = 0;    // and which of this step's it is, from 1
  };
  struct Lane {
    int peer = 0;
    Channel channel;
    std::vector<parallel::Op> receives;  // of one step, in order; none where it sends
    std::deque<Tensor> sending;          // posted and perhaps not carried
    const Action* last_sent = nullptr;
    std::uint64_t before = 0;              // messages of earlier steps
    std::uint64_t passed = 0, posted = 0;  // receives of this step that the list has come to, that are posted
    std::unique_ptr<PipelineLane> thread;  // ends before the memory that it carries
  };
  // What a stage is given for one micro-batch and gives.
  struct Exchange {
    Tensor input, output, output_gradient, input_gradient;
  };

  void check(const parallel::Schedule& schedule) const;
  void compare(const parallel::Schedule& schedule);
  void make_lanes(const parallel::Schedule& schedule);
  void make_actions(const parallel::Schedule& schedule);
  void begin();
  void perform(const Action& action);
  void await(const Action& action);
  void compute(const parallel::Op& op);
  void send(const Action& action);
  void post_receives(Lane& lane);
  void finish();
  void wait_for(Lane& lane, const Action& transfer, std::uint64_t carried);
  [[noreturn]] void end_with(Error error);
  [[nodiscard]] Tensor checked(const parallel::Op& op, Tensor tensor) const;
  // Messages on a GPU that go through the host do so by a queue of their own.
  [[nodiscard]] std::shared_ptr<Stream> stream_through_host(const comm::Communicator& lane) const;
  void post(Lane& lane, const Tensor& message);
  [[nodiscard]] std::int64_t now() const { return ports_.now_ns ? ports_.now_ns() : 0; }
  void tell(const parallel::Op& op, std::int64_t begin_ns);
  [[nodiscard]] bool is_here(int stage) const;
  [[nodiscard]] Exchange& exchange(int stage, int micro_batch);

  comm::Communicator& pipeline_;
  std::vector<StageWork*> stages_;
  PipelinePorts ports_;
  int micro_batches_;
  int buffers_ = kDoubleBuffered;
  std::vector<Action> actions_;
  std::vector<Exchange> exchanges_;  // by stage and micro-batch
  std::vector<Lane> lanes_;          // those that send first
  const Action* current_ = nullptr;
  const Action* awaited_ = nullptr;  // the transfer that it stands still for
  std::chrono::steady_clock::duration waited_{};
  std::optional<Error> fault_;
};

}  // namespace athanor::distributed
