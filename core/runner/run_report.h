// What a run tells while it goes on: writes every event to the journal, moves the progress bar, and holds predictions
// against facts. Called from the training thread; sample() may be called from another.
#pragma once

#include "core/forecast/forecast.h"
#include "core/journal/span_sampling.h"
#include "core/journal/writer.h"
#include "core/runner/console.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace athanor::runner {

class RunReport {
 public:
  struct Setting {
    std::int64_t steps = 0;
    std::int64_t batch_size = 0;
    double logit_spread = 0;  // standard deviation of an undecided model's logits
    std::chrono::steady_clock::time_point process_start;
    std::function<std::int64_t()> peak_memory_bytes;  // of the device that computes
  };
  RunReport(journal::Writer& journal, Console& console, const Forecast& forecast, Setting setting);

  // Throws Failure(io) when the journal refuses.
  void tell(const journal::Payload& payload);
  // From the sampler's thread: never throws, a refused sample is dropped.
  void sample(const journal::DeviceSample& sample);

  // Prediction against fact at the end, after the run's step `step`.
  void conclude(std::int64_t step);
  // Of this process; those before a resume or a fork are not among them.
  [[nodiscard]] std::int64_t steps_taken() const { return static_cast<std::int64_t>(step_s_.size()); }
  [[nodiscard]] ShapeTimes measured(std::int64_t test_pictures, std::int64_t accounted_bytes) const;
  [[nodiscard]] const std::optional<journal::Evaluation>& last_evaluation() const { return evaluation_; }
  [[nodiscard]] double last_loss() const { return loss_; }

 private:
  void on_metrics(const journal::MetricSamples& figures);
  void on_span(const journal::Span& span);
  void on_step(std::int64_t step, double loss, double step_s);
  void check_first_loss(double loss);
  void check_prediction(std::int64_t step, double seconds_to_finish);
  void say_evaluation(const journal::Evaluation& evaluation);

  journal::Writer& journal_;
  journal::SpanSampling sampling_;
  Console& console_;
  Forecast forecast_;
  Setting setting_;
  double loss_ = 0;
  double start_s_ = 0;
  std::vector<double> step_s_, evaluate_s_, checkpoint_s_;
  std::optional<journal::Evaluation> evaluation_;
};

}  // namespace athanor::runner
