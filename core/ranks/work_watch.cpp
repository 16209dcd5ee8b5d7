#include "core/ranks/work_watch.h"

#include <algorithm>
#include <array>
#include <utility>

namespace athanor::runner {
namespace {

constexpr double kNanosecondsPerMillisecond = 1e6;

bool is_own_work(const journal::Span& span) {
  using enum journal::SpanKind;
  return span.micro_batch >= 0 &&
         (span.kind == forward || span.kind == backward || span.kind == input_gradient || span.kind == weight_gradient);
}

}  // namespace

void WorkWatch::begin(comm::Communicator& ranks, const parallel::Mesh& mesh, Waited waited) {
  ranks_ = &ranks;
  waited_ = std::move(waited);
  std::vector<int> stages;
  for (int rank = 0; rank < ranks.size(); ++rank) stages.push_back(parallel::coordinates_of(mesh, rank).pipeline);
  stragglers_.emplace(std::move(stages));
  begin_windows();
}

void WorkWatch::expect(std::vector<double> work) {
  stragglers_->expect(std::move(work));
  begin_windows();
}

void WorkWatch::begin_windows() {
  from_ = step_ = 0;
  steps_.clear();
  whole_steps_.clear();
  is_first_window_ = true;
  is_due_ = false;
  waited_before_ = waited_since_ = {};
}

void WorkWatch::take(const journal::Payload& payload) {
  if (ranks_ == nullptr) return;
  if (const auto* span = std::get_if<journal::Span>(&payload)) {
    if (waited_ && span->kind == journal::SpanKind::data) waited_before_ = waited_();
    if (is_own_work(*span)) add(*span);
  }
  const auto* figures = std::get_if<journal::MetricSamples>(&payload);
  // Figures of a step that another process took have no spans here.
  if (!figures || !is_of_a_step(*figures) || figures->step != step_) return;
  const auto waited_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(waited_since_ - waited_before_).count();
  steps_.push_back(static_cast<double>(std::max<std::int64_t>(1, span_ns_ - waited_ns)) / (micro_batches_ + 1));
  const auto whole = std::ranges::find(figures->values, "train/step_ms", &std::pair<std::string, double>::first);
  whole_steps_.push_back(whole != figures->values.end() ? whole->second * kNanosecondsPerMillisecond : steps_.back());
  is_due_ = step_ % kSteps == 0;
}

bool WorkWatch::sees_any() const { return stragglers_ && stragglers_->sees_any(); }

void WorkWatch::add(const journal::Span& span) {
  if (span.step != step_) {
    step_ = span.step;
    span_ns_ = 0;
    micro_batches_ = 0;
    if (steps_.empty()) {
      from_ = step_;
      window_begin_ = std::chrono::steady_clock::now();
    }
  }
  span_ns_ += span.end_ns - span.begin_ns;
  micro_batches_ = std::max(micro_batches_, span.micro_batch);
  if (waited_) waited_since_ = waited_();
}

std::vector<journal::StragglerSeen> WorkWatch::compare() {
  if (ranks_ == nullptr || !std::exchange(is_due_, false)) return {};
  const std::chrono::duration<double> age = std::chrono::steady_clock::now() - window_begin_;
  constexpr std::size_t kFigures = 3;
  std::array<double, kFigures> mine{median(steps_), age.count(), median(whole_steps_)};
  std::vector<double> all(kFigures * static_cast<std::size_t>(ranks_->size()));
  ranks_->all_gather({mine.data(), DType::f64, Shape{kFigures}},
                     {all.data(), DType::f64, Shape{static_cast<std::int64_t>(all.size())}});
  std::vector<double> work;
  double oldest = 0, longest = 0;
  for (std::size_t i = 0; i < all.size(); i += kFigures) {
    work.push_back(all[i]);
    oldest = std::max(oldest, all[i + 1]);
    longest = std::max(longest, all[i + 2]);
  }
  if (oldest < kSeconds) return {};  // the window goes on
  steps_.clear();
  whole_steps_.clear();
  step_ns_ = longest;
  if (std::exchange(is_first_window_, false)) return {};
  return stragglers_->take(from_, step_, work);
}

}  // namespace athanor::runner
