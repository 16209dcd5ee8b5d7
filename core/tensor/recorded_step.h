// Runs a training step again and again. Where the device can record work, a step whose launches stay the same is
// recorded once, as a CUDA graph, and replayed from then on: one launch in place of hundreds.
//
// What may change from step to step must lie in memory of the device that the step reads: the batch in fixed buffers,
// the learning rate, counts of steps. It is never an argument of a launch. Everything else that a launch depends on is
// the key: shapes, number formats, addresses, the loss scale. A new key, or memory that ran short, means to begin anew:
// kWarmUps steps that choose plans of products and gather memory in a pool of their own, then a step that is recorded.
// (The other way, to set the arguments of a graph's kernels anew before each launch, would need to know which node is
// whose and grows with the model; a block of numbers is one small copy, and the same kernels read it without a graph.)
//
// A step must not wait for the device or read from it; one that does is done plainly from then on, and refusal() says
// why. Steps without a key, and all steps while a trace or work observer is installed, are done plainly as well.
#pragma once

#include "core/tensor/context.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace athanor {

// Equal keys: the same launches, apart from numbers in device memory.
using StepKey = std::vector<std::uint64_t>;

class StepRecorder {
 public:
  enum class How { plain, recorded, replayed };
  static constexpr int kWarmUps = 2;

  explicit StepRecorder(Context& context) : context_(context) {}
  ~StepRecorder() { forget(); }
  StepRecorder(const StepRecorder&) = delete;
  StepRecorder& operator=(const StepRecorder&) = delete;

  // Queues one step. `step` is called unless it is replayed, a second time after it could not be recorded: it must
  // begin by clearing what an unfinished call has left. Whatever it throws plainly comes through.
  How run(const std::optional<StepKey>& key, const std::function<void()>& step);
  // Nothing is recorded any more, and its memory is like any other.
  void forget();

  [[nodiscard]] std::size_t launches() const noexcept { return work_ ? work_->launches() : 0; }
  // Why steps with the present key are not recorded; empty when they are.
  [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }

 private:
  static constexpr int kAttempts = 3;

  void begin_anew(const StepKey& key);
  void write_step();
  void plainly(const std::function<void()>& step);
  [[nodiscard]] bool record(const std::function<void()>& step);

  Context& context_;
  std::optional<StepKey> key_;
  PoolId pool_ = 0;
  int warm_ups_ = 0, attempts_ = 0;
  std::unique_ptr<RecordedWork> work_;
  std::string refusal_;
  Tensor step_;       // i32 [1], Context::step()
  Tensor workspace_;  // that the recording was given
};

// A recorded step and what it leaves: tensors that a replay fills anew.
template <class Result>
class RecordedStep {
 public:
  explicit RecordedStep(Context& context) : recorder_(context) {}

  // Queues one step; the result is that of this step once it is read from the device. It holds until the next run.
  template <class Step>
  const Result& run(const std::optional<StepKey>& key, Step&& step) {
    std::optional<Result> made;
    how_ = recorder_.run(key, [&] {
      made.reset();
      made.emplace(step());
    });
    if (how_ == StepRecorder::How::recorded) recorded_ = std::move(made);
    if (how_ == StepRecorder::How::plain) {
      plain_ = std::move(made);
      if (recorder_.launches() == 0) recorded_.reset();
      return *plain_;
    }
    plain_.reset();
    return *recorded_;
  }
  [[nodiscard]] StepRecorder::How how() const noexcept { return how_; }
  [[nodiscard]] const StepRecorder& recorder() const noexcept { return recorder_; }
  // What a plain step has left is let go of; a recorded one keeps its memory.
  void release() noexcept { plain_.reset(); }

 private:
  StepRecorder recorder_;
  StepRecorder::How how_ = StepRecorder::How::plain;
  std::optional<Result> plain_, recorded_;
};

}  // namespace athanor
