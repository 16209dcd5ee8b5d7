// The loop: when to step, to evaluate and to save, and what is told about it. It knows neither equations nor file
// formats nor how anything is shown; those arrive as a task, as functions and as an observer.
#pragma once

#include "core/data/loader.h"
#include "core/journal/event.h"
#include "core/optim/optimizer.h"
#include "core/optim/schedule.h"
#include "core/tasks/task.h"
#include "core/tensor/context.h"

#include <cstdint>
#include <functional>

namespace athanor::train {

struct Plan {
  std::int64_t steps = 1;
  optim::CosineSchedule schedule;
  float clip_norm = 0;                // 0: none
  std::int64_t evaluate_every = 0;    // steps; 0: at the start and the end only
  std::int64_t checkpoint_every = 0;  // steps; 0: at the end only
};

// All are referred to and outlive the trainer.
struct Parts {
  Context& context;
  tasks::Task& task;
  data::Loader& loader;
  const std::vector<Parameter>& parameters;
  optim::Optimizer& optimizer;
};

struct Ports {
  std::function<void(const journal::Payload&)> tell;  // every event, in order, from the calling thread
  std::function<void(std::int64_t step)> save;        // writes a checkpoint; throws Failure
  std::function<bool()> stop;                         // asked between steps
  std::function<std::int64_t()> now_ns;               // the clock of the spans
};

enum class Outcome { finished, stopped };

class Trainer {
 public:
  Trainer(Parts parts, Plan plan, Ports ports);

  // Goes from `done` steps to the end, or to the step after which stop() holds; either way a checkpoint is the last
  // thing done. Throws Failure after telling a FaultSeen: numeric, naming the tensor, when a loss or a gradient is not
  // finite (the weights are then as the step before left them), and whatever the parts throw. A FaultSeen that cannot
  // be told changes nothing about what is thrown.
  Outcome run(std::int64_t done);
  [[nodiscard]] std::int64_t done() const noexcept { return done_; }

 private:
  Outcome loop();
  void step();
  void evaluate();
  void save();
  void tell_fault(const Error& error) const noexcept;
  void refuse_nonfinite(double loss, const optim::StepReport* report) const;
  template <class Work>
  auto timed(journal::SpanKind kind, std::int64_t step, Work&& work);

  Parts parts_;
  Plan plan_;
  Ports ports_;
  std::int64_t done_ = 0;
  std::int64_t saved_ = -1;
};

}  // namespace athanor::train
