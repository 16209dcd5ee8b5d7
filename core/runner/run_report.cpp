#include "core/runner/run_report.h"

#include "core/forecast/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

namespace athanor::runner {
namespace {

constexpr std::int64_t kCheckedSteps = 10;
constexpr double kFirstLossTolerance = 0.02;
constexpr double kStandardErrors = 3;
constexpr double kNanosecondsPerSecond = 1e9;
constexpr double kMillisecondsPerSecond = 1e3;
constexpr double kMebibyte = 1024.0 * 1024.0;

double value_of(const std::vector<std::pair<std::string, double>>& values, std::string_view name) {
  const auto found = std::ranges::find(values, name, &std::pair<std::string, double>::first);
  return found == values.end() ? std::nan("") : found->second;
}

std::string duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

// "predicted 4.0, measured 5.0 (+25 %)"
std::string compared(double predicted, double measured, const char* form) {
  const std::string both = fmt::format("predicted {}, measured {}", fmt::format(fmt::runtime(form), predicted),
                                       fmt::format(fmt::runtime(form), measured));
  const auto off = recipe::deviation(predicted, measured);
  return off ? fmt::format("{} ({:+.0f} %)", both, std::round(*off * 100) + 0.0) : both;  // never "-0 %"
}

}  // namespace

RunReport::RunReport(journal::Writer& journal, Console& console, const Forecast& forecast, Setting setting)
    : journal_(journal), console_(console), forecast_(forecast), setting_(setting) {}

void RunReport::tell(const journal::Payload& payload) {
  const auto* span = std::get_if<journal::Span>(&payload);
  if (!span || sampling_.tells(*span)) value_or_throw(journal_.append(payload));
  if (const auto* figures = std::get_if<journal::MetricSamples>(&payload)) on_metrics(*figures);
  if (span) on_span(*span);
  if (const auto* evaluation = std::get_if<journal::Evaluation>(&payload)) say_evaluation(*evaluation);
}

void RunReport::sample(const journal::DeviceSample& sample) { (void)journal_.append(sample); }

void RunReport::on_span(const journal::Span& span) {
  const double seconds = static_cast<double>(span.end_ns - span.begin_ns) / kNanosecondsPerSecond;
  if (span.kind == journal::SpanKind::evaluate) evaluate_s_.push_back(seconds);
  if (span.kind == journal::SpanKind::checkpoint) checkpoint_s_.push_back(seconds);
}

void RunReport::on_metrics(const journal::MetricSamples& figures) {
  const double step_ms = value_of(figures.values, "train/step_ms");
  if (std::isnan(step_ms)) return;
  on_step(figures.step, value_of(figures.values, "train/loss"), step_ms / kMillisecondsPerSecond);
}

void RunReport::on_step(std::int64_t step, double loss, double step_s) {
  loss_ = loss;
  if (step_s_.empty()) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - setting_.process_start;
    double before = step_s + forecast_.spent_s;
    for (const double s : evaluate_s_) before += s;
    start_s_ = std::max(0.0, passed.count() - before);
    if (step == 1) check_first_loss(loss);
  }
  step_s_.push_back(step_s);
  const double each = mean(step_s_);
  const std::int64_t left = setting_.steps - step;
  console_.progress(
      static_cast<double>(step) / static_cast<double>(setting_.steps),
      fmt::format("step {}/{}  loss {:.3f}  {:.0f} pairs/s  {} left", step, setting_.steps, loss,
                  static_cast<double>(setting_.batch_size) / each, duration(static_cast<double>(left) * each)));
  if (static_cast<std::int64_t>(step_s_.size()) != kCheckedSteps || left == 0) return;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - setting_.process_start;
  const double predicted_rest = forecast_.prediction.seconds_to_finish - forecast_.times.start_s - forecast_.spent_s -
                                static_cast<double>(kCheckedSteps) * forecast_.times.step_s;
  const double speed = forecast_.times.step_s > 0 ? each / forecast_.times.step_s : 1;
  check_prediction(step, passed.count() + std::max(0.0, predicted_rest) * speed);
}

// An undecided model's logits are noise of the spread s around a constant. The mean over B of log(sum exp(noise)) -
// noise lies at ln B for s = 0 and rises by at most s^2/2 (the logarithm of a log-normal's mean); its standard error
// over B pairs is s / sqrt(B). What is farther off than three of these is not chance.
void RunReport::check_first_loss(double loss) {
  const auto pairs = static_cast<double>(setting_.batch_size);
  const double expected = std::log(pairs);
  const double spread = setting_.logit_spread;
  const double chance = std::max(kFirstLossTolerance * expected, kStandardErrors * spread / std::sqrt(pairs));
  const double highest = expected + spread * spread / 2 + chance;
  const std::string text = fmt::format(
      "First loss {:.4f}; an undecided model has ln({}) = {:.4f} ({:+.1f} %), here between {:.2f} and {:.2f}", loss,
      setting_.batch_size, expected, (loss / expected - 1) * 100, expected - chance, highest);
  if (loss >= expected - chance && loss <= highest) {
    console_.info(text);
    return;
  }
  console_.warn(text);
  journal::Alert alert;
  alert.step = 1;
  alert.rule = "first_loss";
  alert.text = text;
  value_or_throw(journal_.append(alert));
}

void RunReport::check_prediction(std::int64_t step, double seconds_to_finish) {
  const recipe::Prediction& predicted = forecast_.prediction;
  journal::PredictionChecked fact;
  fact.step = step;
  fact.predicted_steps_per_second = predicted.steps_per_second;
  const double each = mean(step_s_);
  fact.measured_steps_per_second = each > 0 ? 1 / each : 0;
  // Of this rank, the first, which is not always the one that needs most.
  fact.predicted_peak_bytes =
      predicted.ranks.empty() ? predicted.peak_memory_bytes : predicted.ranks.front().peak_memory_bytes;
  fact.measured_peak_bytes = setting_.peak_memory_bytes();
  fact.predicted_seconds_to_finish = predicted.seconds_to_finish;
  fact.measured_seconds_to_finish = seconds_to_finish;
  value_or_throw(journal_.append(fact));
  console_.info(fmt::format("After step {}: steps/s {}; peak memory {}; whole run {}", step,
                            compared(fact.predicted_steps_per_second, fact.measured_steps_per_second, "{:.2f}"),
                            compared(static_cast<double>(fact.predicted_peak_bytes) / kMebibyte,
                                     static_cast<double>(fact.measured_peak_bytes) / kMebibyte, "{:.0f} MiB"),
                            compared(fact.predicted_seconds_to_finish, fact.measured_seconds_to_finish, "{:.1f} s")));
}

void RunReport::say_evaluation(const journal::Evaluation& evaluation) {
  evaluation_ = evaluation;
  const auto share = [&](const char* name) { return value_of(evaluation.metrics, name); };
  console_.info(fmt::format("Step {}: text to image R@1 {:.3f}, R@10 {:.3f}; image to text R@1 {:.3f}, R@10 {:.3f}",
                            evaluation.step, share("t2i_r1"), share("t2i_r10"), share("i2t_r1"), share("i2t_r10")));
}

void RunReport::conclude(std::int64_t step) {
  if (step_s_.empty()) return;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - setting_.process_start;
  check_prediction(step, passed.count());
}

ShapeTimes RunReport::measured(std::int64_t test_pictures, std::int64_t accounted_bytes) const {
  ShapeTimes out;
  out.step_s = mean(step_s_);
  out.evaluate_s_per_picture = mean(evaluate_s_) / static_cast<double>(std::max<std::int64_t>(test_pictures, 1));
  out.checkpoint_s = mean(checkpoint_s_);
  out.measured_at = std::time(nullptr);
  out.start_s = start_s_;
  const auto peak = static_cast<double>(setting_.peak_memory_bytes());
  out.program_bytes = std::max(0.0, peak - static_cast<double>(accounted_bytes));
  return out;
}

}  // namespace athanor::runner
