// The loop: when to step, to evaluate and to save, and what is told about it. It knows neither equations nor file
// formats nor how anything is shown; those arrive as a task, as functions and as an observer. Of number formats it
// knows that a step may be skipped or taken back; which they are is the session's business.
#pragma once

#include "core/data/loader.h"
#include "core/journal/event.h"
#include "core/optim/optimizer.h"
#include "core/optim/schedule.h"
#include "core/precision/session.h"
#include "core/tasks/task.h"
#include "core/tensor/context.h"
#include "core/tensor/recorded_step.h"
#include "core/train/batch_pass.h"
#include "core/train/memory_owners.h"
#include "core/train/replicas.h"
#include "core/train/rewind.h"
#include "core/train/world.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace athanor::train {

struct Plan {
  std::int64_t steps = 1;
  optim::CosineSchedule schedule;
  float clip_norm = 0;                // 0: none
  std::int64_t evaluate_every = 0;    // steps; 0: at the start and the end only
  std::int64_t checkpoint_every = 0;  // steps; 0: at the end only
  int micro_batches = 1;              // that each batch is taken in, by all replicas together; see batch_pass.h
  bool record = true;                 // steps are recorded and replayed where the device can; the same bits
  // With Parts::steps_ahead: so many steps before must have been neither clipped nor skipped. One that is taken back
  // costs the forward passes once more, up to a third of a step, which several that are right gain.
  std::int64_t ahead_after = 8;
  std::int64_t until = 0;  // the step after which it stops; 0: the last
};

// How far a run has come, in steps.
struct Progress {
  std::int64_t done = 0;
  std::int64_t evaluated = -1, saved = -1;  // when last
};
// Of a run that begins anew, or from a checkpoint, which is written after what else is due at its step.
[[nodiscard]] constexpr Progress after_steps(std::int64_t done) {
  return done == 0 ? Progress{} : Progress{done, done, done};
}

// All are referred to and outlive the trainer.
struct Parts {
  Context& context;
  tasks::Task& task;
  data::Loader& loader;
  const std::vector<Parameter>& parameters;  // those that this rank has
  optim::Optimizer& optimizer;
  precision::Session* precision = nullptr;  // null: everything in f32
  World* world = nullptr;                   // null: there is but one rank
  Replicas* replicas = nullptr;             // null: there is but one
  Pass* pass = nullptr;                     // null: a BatchPass, of this rank or its replicas
  bool judges_alone = true;                 // the rank that leads can judge the model without the others
  bool steps_ahead = false;                 // see Trainer; of a pass that asks PassPorts::holds
};

struct Ports {
  std::function<void(const journal::Payload&)> tell;  // every event, in order, from the calling thread
  // A checkpoint of this moment; called on every rank, which then waits for the others. Throws Failure.
  std::function<void(std::int64_t step)> save;
  std::function<bool()> stop;  // asked between steps
  // In each step before its backward pass, when all that was due before it is done and told: the state is that after
  // progress.done steps. May be empty.
  std::function<void(const Progress&)> keep = {};
  // Asked after each checkpoint but the last, on every rank, with the same answer: whether to leave the loop there with
  // Outcome::paused, for another trainer with other parts to go on. May be empty.
  std::function<bool(std::int64_t step)> pauses = {};
  std::function<std::int64_t()> now_ns;  // the clock of the spans
  // What would help when there was no memory, given who holds it, largest first. May be empty.
  std::function<std::string(const std::vector<TagOwners>& owners)> memory_remedy;
};

enum class Outcome { finished, stopped, paused };

// With Parts::steps_ahead no rank waits for the norm of the whole model before its step: it takes it as if nothing had
// to be clipped or skipped, and begins the next one's forward passes. Once these are through, and all ranks meet anyway
// for the loss, the norm is exchanged; where the step was wrong it is taken back and again, and the forward passes with
// it. Only then is the step told, and asked whether to stop; so all that is seen of a run, and its bits, are those of
// one that waits. Whether to do so follows from the steps before, which are the same on all ranks: after
// Plan::ahead_after in a row that were neither clipped nor skipped, and where nothing is due between the two steps.
class Trainer {
 public:
  Trainer(Parts parts, Plan plan, Ports ports);

  // Goes from `begin` to the end, or to the step after which stop() holds; either way a checkpoint is the last thing
  // done. What was due by then and not done comes first. A step whose gradients are not finite is skipped while a
  // smaller loss scale may help; the dynamic policy goes back to its copy in memory. Throws Failure after telling a
  // FaultSeen: numeric when a loss or a gradient is not finite and neither helps (the weights are then as the step
  // before left them), naming the first launch whose output was not, found by taking the step again; out_of_memory,
  // naming who holds the memory; and whatever the parts throw. A FaultSeen that cannot be told changes nothing about
  // what is thrown.
  Outcome run(const Progress& begin);
  Outcome run(std::int64_t done) { return run(after_steps(done)); }
  [[nodiscard]] std::int64_t done() const noexcept { return done_ - (ahead_ ? 1 : 0); }
  [[nodiscard]] Progress progress() const noexcept { return {done(), evaluated_, saved_}; }
  // Steps that were replayed so far.
  [[nodiscard]] std::int64_t replays() const noexcept { return replays_; }
  // Steps that were taken ahead so far, and those of them that were taken back.
  struct AheadCount {
    std::int64_t taken = 0, taken_back = 0;
  };
  [[nodiscard]] const AheadCount& ahead() const noexcept { return ahead_count_; }

 private:
  struct Step {
    std::int64_t begin_ns = 0;
    double rate = 0, loss = 0;
    optim::StepReport report;
    bool is_ahead = false;  // the report is not known
  };
  // A step that is not settled, and what it had taken when it was through.
  struct Ahead {
    Step step;
    std::int64_t end_ns = 0;
    std::vector<Exchanged> exchanged;
  };

  Outcome loop();
  void step();
  void take_step(Step& step, const data::Batch& batch);
  // The same without waiting for the device in between, so that it can be recorded and replayed.
  void queue_step(Step& step, const data::Batch& batch);
  [[nodiscard]] bool can_step_ahead() const;
  // In the forward pass of the next one: whether that goes on.
  [[nodiscard]] bool settle();
  // What follows from a step's report; `batch` gives what it was taken of.
  void conclude(const Step& step, std::int64_t end_ns, std::vector<Exchanged> exchanged,
                const std::function<data::Batch()>& batch);
  [[nodiscard]] double rate() const;
  void clear_gradients();
  [[nodiscard]] optim::StepOptions step_options(double rate) const;
  [[nodiscard]] float loss_scale() const;
  void fill_inputs(const data::Batch& batch);
  [[nodiscard]] std::optional<StepKey> step_key(const optim::StepOptions& options) const;
  [[nodiscard]] bool went_back(double loss, const std::string& reason);
  void tell_changes(const std::vector<precision::RecordedChange>& changes);
  void tell_step(const Step& step, std::int64_t end_ns, std::vector<Exchanged> exchanged);
  [[nodiscard]] std::vector<Exchanged> exchanged() const;
  void do_what_is_due();
  void evaluate();
  void judge();
  void tell(tasks::Judgement judged);
  [[nodiscard]] bool leads() const { return parts_.world == nullptr || parts_.world->leads(); }
  void save();
  [[nodiscard]] bool should_stop();
  void tell_fault(const Error& error) const noexcept;
  [[noreturn]] void refuse_nonfinite(const data::Batch& batch, double loss, const optim::StepReport* report);
  // Takes the step again, up to the update, with all ranks and in the same parts, and reads every output: says on which
  // rank and in which rows it began; empty when all are finite this time.
  [[nodiscard]] std::string locate_nonfinite(const data::Batch& batch);
  [[nodiscard]] Error explained(Error error, const MemoryLedger& ledger) const;
  template <class Work>
  auto timed(journal::SpanKind kind, std::int64_t step, Work&& work);

  Parts parts_;
  Plan plan_;
  Ports ports_;
  std::int64_t done_ = 0;  // with the one that is not settled
  std::int64_t evaluated_ = -1, saved_ = -1;
  BatchPass own_pass_;
  Pass& pass_;
  bool pass_tells_ = false;
  std::vector<Exchanged> exchanged_;  // when the last step that was told was through
  Rewind rewind_;
  std::optional<Ahead> ahead_;
  AheadCount ahead_count_;
  std::int64_t right_ = 0;  // steps in a row that were neither clipped nor skipped
  bool stops_ = false;

  // What a queued step leaves on the device.
  struct QueuedStep {
    Tensor loss;
    optim::Optimizer::Queued update;
    std::vector<Tensor> gradients;  // by parameter
    std::vector<bool> layers_used;
  };
  tasks::Task::Inputs inputs_;  // of every batch of the same shapes
  RecordedStep<QueuedStep> recorded_;
  std::int64_t replays_ = 0;
};

}  // namespace athanor::train
