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
  works_ = {};
  steps_.clear();
  whole_steps_.clear();
  is_first_window_ = true;
  is_due_ = false;
}

void WorkWatch::take(const journal::Payload& payload) {
  if (ranks_ == nullptr) return;
  if (const auto* span = std::get_if<journal::Span>(&payload)) {
    if (waited_ && span->kind == journal::SpanKind::data) work_of(span->step).waited_before = waited_();
    if (is_own_work(*span)) add(*span);
  }
  const auto* figures = std::get_if<journal::MetricSamples>(&payload);
  if (!figures || !is_of_a_step(*figures)) return;
  const auto found = std::ranges::find(works_, figures->step, &Work::step);
  // Figures of a step that another process took have no spans here.
  if (found == works_.end() || found->span_ns == 0) return;
  if (steps_.empty()) from_ = figures->step;
  const auto waited_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(found->waited_since - found->waited_before).count();
  steps_.push_back(static_cast<double>(std::max<std::int64_t>(1, found->span_ns - waited_ns)) /
                   (found->micro_batches + 1));
  const auto whole = std::ranges::find(figures->values, "train/step_ms", &std::pair<std::string, double>::first);
  whole_steps_.push_back(whole != figures->values.end() ? whole->second * kNanosecondsPerMillisecond : steps_.back());
  step_ = figures->step;
  is_due_ = step_ % kSteps == 0;
}

bool WorkWatch::sees_any() const { return stragglers_ && stragglers_->sees_any(); }

// Begins anew where the step is another than the last two.
WorkWatch::Work& WorkWatch::work_of(std::int64_t step) {
  const auto found = std::ranges::find(works_, step, &Work::step);
  if (found != works_.end()) return *found;
  works_[0] = std::exchange(works_[1], {.step = step});
  return works_[1];
}

void WorkWatch::add(const journal::Span& span) {
  Work& work = work_of(span.step);
  if (work.span_ns == 0 && steps_.empty()) window_begin_ = std::chrono::steady_clock::now();
  work.span_ns += span.end_ns - span.begin_ns;
  work.micro_batches = std::max(work.micro_batches, span.micro_batch);
  if (waited_) work.waited_since = waited_();
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
