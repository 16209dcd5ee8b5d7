// What a rank's own work takes, and which rank is slower at it than the others.
//
// Own work of a step is what the spans of its forward and backward passes of micro-batches cover, without what ranks
// with parts of one model waited for each other in between, by micro-batch: so ranks with unequal numbers of them can
// be compared. Loss, exchange and step are no part of it, in which ranks wait or do the same.
//
// A window lasts kSteps steps, or more of them until kSeconds have passed; a rank's figure is the median over its
// steps, which a short disturbance does not move. At its end ranks tell each other (24 bytes of each, once in kSteps
// steps).
#pragma once

#include "core/comm/communicator.h"
#include "core/journal/event.h"
#include "core/parallel/mesh.h"
#include "core/ranks/stragglers.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace athanor::runner {

// On one thread, the one that takes the steps.
class WorkWatch {
 public:
  using Waited = std::function<std::chrono::steady_clock::duration()>;
  static constexpr std::int64_t kSteps = 16;
  static constexpr double kSeconds = 0.25;

  // From now on `ranks`, laid out as `mesh`, are compared, until end(); nothing of before counts. `waited` is the time
  // in which this rank has waited for others inside of spans, ever more; may be empty.
  void begin(comm::Communicator& ranks, const parallel::Mesh& mesh, Waited waited = {});
  void end() noexcept { ranks_ = nullptr; }
  // The same ranks have other work from now on, of which a micro-batch would take each of them so long, in nanoseconds,
  // if none were slow.
  void expect(std::vector<double> work);

  // Every event of this rank, as it is told.
  void take(const journal::Payload& payload);
  // Between steps; at the end of a window a call that all ranks make. What is new, the same on all. Failures are the
  // communicator's.
  [[nodiscard]] std::vector<journal::StragglerSeen> compare();

  // Of each rank, in nanoseconds for a micro-batch, smoothed; empty where nothing is known yet.
  [[nodiscard]] std::vector<double> work() const { return stragglers_ ? stragglers_->work() : std::vector<double>(); }
  // How many times as long as it should each takes (Stragglers::paces); after begin().
  [[nodiscard]] std::vector<double> paces() const { return stragglers_->paces(); }
  // What a step of the last window took, the slowest rank's.
  [[nodiscard]] double step_ns() const noexcept { return step_ns_; }
  // Whether some rank is seen to be slow.
  [[nodiscard]] bool sees_any() const;

 private:
  // Of one step.
  struct Work {
    std::int64_t step = 0;
    std::int64_t span_ns = 0;
    std::int32_t micro_batches = 0;                                       // but one
    std::chrono::steady_clock::duration waited_before{}, waited_since{};  // at its beginning, at its last span
  };
  [[nodiscard]] Work& work_of(std::int64_t step);
  void add(const journal::Span& span);
  void begin_windows();

  comm::Communicator* ranks_ = nullptr;
  Waited waited_;
  std::optional<Stragglers> stragglers_;
  std::chrono::steady_clock::time_point window_begin_;
  std::int64_t from_ = 0;  // the window's first step; 0: none has been
  double step_ns_ = 0;
  std::vector<double> whole_steps_;  // of the window, all of each
  std::vector<double> steps_;        // of the window
  // The last two: figures of a step may be told after the next one's first spans.
  std::array<Work, 2> works_;
  std::int64_t step_ = 0;        // that figures were told of last
  bool is_due_ = false;          // it may end the window
  bool is_first_window_ = true;  // in which memory is found and threads awake
};

}  // namespace athanor::runner
