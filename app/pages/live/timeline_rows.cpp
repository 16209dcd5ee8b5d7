#include "app/pages/live/timeline_rows.h"

#include "app/models/run_words.h"
#include "app/pages/live/timeline_words.h"
#include "widgets/common/numbers.h"

#include <QCoreApplication>

#include <algorithm>
#include <map>

namespace athanor::app {
namespace {

using journal::SpanKind;
using store::TimelineLane;
using store::TimelineWindow;

struct TimelineWords {
  Q_DECLARE_TR_FUNCTIONS(TimelineWords)
};

constexpr double kSeconds = 1e-9;

class Rows {
 public:
  Rows(const TimelineWindow& window, const TimelineContext& context)
      : window_(window), context_(context), slow_(slow_ranks(context.occurrences)) {
    data_.number_word = TimelineWords::tr("micro-batch %1");
    data_.part_word = TimelineWords::tr("stage %1");
    data_.step_word = TimelineWords::tr("step %1");
    data_.unknown_word = TimelineWords::tr("not told");
    data_.kinds = timeline_kinds();
    data_.end = seconds(window.whole.end_ns);
    data_.from = seconds(window.begin_ns);
    data_.to = seconds(window.end_ns());
    data_.grows = true;
    for (const TimelineLane& lane : window.lanes)
      if (lane.is_untold)
        unknown_[lane.rank] = gaps(lane);
      else
        ranks_.insert(lane.rank);
    for (const TimelineLane& lane : window.lanes)
      numbered_ = numbered_ || std::ranges::any_of(lane.single, [](const auto& span) { return span.micro_batch > 0; });
    if (context.picture) data_.end = std::max(data_.end, predicted_end());
  }

  widgets::TimelineData take() {
    ranks_.size() > 1 ? add_lanes() : add_kinds();
    for (const store::TimelineStep& step : window_.steps) {
      const QString name = TimelineWords::tr("Step %1").arg(widgets::count_text(step.step));
      const QString longer = step.bubble
                                 ? TimelineWords::tr("%1: bubbles %2").arg(name, widgets::percent_text(*step.bubble, 1))
                                 : QString();
      data_.stretches.push_back({seconds(step.begin_ns), seconds(step.end_ns), name, longer});
    }
    data_.marks = timeline_marks(context_.occurrences, context_.origin_ns, data_.end);
    return std::move(data_);
  }

 private:
  [[nodiscard]] double seconds(std::int64_t of_axis_ns) const {
    return static_cast<double>(of_axis_ns - context_.origin_ns) * kSeconds;
  }
  [[nodiscard]] double predicted_end() const {
    return seconds(context_.picture->begin_ns) + context_.picture->predicted_seconds;
  }

  [[nodiscard]] widgets::TimelineBar bar_of(const journal::Span& span) const {
    const bool has_number = numbered_ && journal::is_compute(span.kind);
    return {static_cast<int>(span.kind),
            has_number ? span.micro_batch : -1,
            span.stage,
            seconds(span.begin_ns),
            seconds(span.end_ns),
            span.step};
  }

  // Of all kinds, or one.
  [[nodiscard]] widgets::TimelineColumns columns_of(const TimelineLane& lane, std::optional<SpanKind> only) const {
    widgets::TimelineColumns out;
    out.begin = seconds(window_.begin_ns);
    out.width = static_cast<double>(window_.column_ns) * kSeconds;
    std::vector<std::size_t> places;
    for (std::size_t kind = 0; kind < lane.kinds.size(); ++kind) {
      if (only && lane.kinds[kind] != *only) continue;
      places.push_back(kind);
      out.kinds.push_back(static_cast<int>(lane.kinds[kind]));
    }
    out.shares.reserve(lane.begun.size() * places.size());
    for (auto* each : {&out.begun, &out.longest, &out.pauses}) each->reserve(lane.begun.size());
    for (std::size_t at = 0; at < lane.begun.size(); ++at) {
      for (const std::size_t place : places)
        out.shares.push_back(static_cast<float>(static_cast<double>(lane.busy_ns[at * lane.kinds.size() + place]) /
                                                static_cast<double>(window_.column_ns)));
      out.begun.push_back(only ? 0.0F : static_cast<float>(lane.begun[at]));
      out.longest.push_back(only ? 0.0F : static_cast<float>(static_cast<double>(lane.longest_ns[at]) * kSeconds));
      out.pauses.push_back(only ? 0.0F : static_cast<float>(static_cast<double>(lane.gap_ns[at]) * kSeconds));
    }
    return out;
  }

  [[nodiscard]] std::vector<widgets::TimelineGap> gaps(const TimelineLane& lane) const {
    std::vector<widgets::TimelineGap> out;
    for (const journal::Span& span : lane.single) out.push_back({seconds(span.begin_ns), seconds(span.end_ns), 1});
    for (std::size_t at = 0; at < lane.begun.size(); ++at) {
      const std::int64_t begin = window_.begin_ns + static_cast<std::int64_t>(at) * window_.column_ns;
      double busy = 0;
      for (std::size_t kind = 0; kind < lane.kinds.size(); ++kind)
        busy += static_cast<double>(lane.busy_ns[at * lane.kinds.size() + kind]);
      if (busy <= 0) continue;
      const auto share = static_cast<float>(std::min(1.0, busy / static_cast<double>(window_.column_ns)));
      out.push_back({seconds(begin), seconds(begin + window_.column_ns), share});
    }
    return out;
  }

  void fill(widgets::TimelineRow& row, const TimelineLane& lane, std::optional<SpanKind> only) {
    if (!lane.is_single) row.columns = columns_of(lane, only);
    for (const journal::Span& span : lane.single)
      if (!only || span.kind == *only) row.bars.push_back(bar_of(span));
    if (const auto known = unknown_.find(lane.rank); known != unknown_.end()) row.unknown = known->second;
  }

  void add_kinds() {
    for (const SpanKind kind : context_.kinds)
      for (const TimelineLane& lane : window_.lanes) {
        if (lane.is_untold) continue;
        widgets::TimelineRow row{
            widgets::capitalised(data_.kinds[static_cast<std::size_t>(kind)].name), {}, false, -1, {}};
        fill(row, lane, kind);
        if (lane.lane == 0 || !row.bars.empty() || !row.columns.kinds.empty()) data_.rows.push_back(std::move(row));
      }
  }

  void add_lanes() {
    for (const TimelineLane& lane : window_.lanes) {
      if (lane.is_untold) continue;
      const auto slow = slow_.contains(lane.rank);
      const QString group = (slow ? TimelineWords::tr("Rank %1, slow") : TimelineWords::tr("Rank %1")).arg(lane.rank);
      const widgets::Role tone = slow ? widgets::Role::bad : widgets::Role::muted;
      const int at = static_cast<int>(data_.rows.size());
      const timeline::Row* expected = predicted(lane);
      if (expected) {
        widgets::TimelineRow row{group, TimelineWords::tr("predicted"), true, at + 1, {}, tone};
        for (const timeline::Bar& bar : expected->bars) row.bars.push_back(predicted_bar(bar));
        data_.rows.push_back(std::move(row));
      }
      const QString name =
          lane.lane == 0 ? TimelineWords::tr("measured") : TimelineWords::tr("measured, lane %1").arg(lane.lane);
      widgets::TimelineRow row{group, name, false, expected ? at : -1, {}, tone};
      fill(row, lane, std::nullopt);
      data_.rows.push_back(std::move(row));
    }
  }

  [[nodiscard]] const timeline::Row* predicted(const TimelineLane& lane) const {
    if (!context_.picture) return nullptr;
    const auto& rows = context_.picture->predicted;
    const auto found = std::ranges::find_if(
        rows, [&](const timeline::Row& row) { return row.rank == lane.rank && row.lane == lane.lane; });
    return found == rows.end() ? nullptr : &*found;
  }

  [[nodiscard]] widgets::TimelineBar predicted_bar(const timeline::Bar& bar) const {
    const double begin = seconds(context_.picture->begin_ns);
    const bool has_number = numbered_ && journal::is_compute(bar.kind);
    return {
        static_cast<int>(bar.kind), has_number ? bar.micro_batch : -1, bar.stage, begin + bar.begin, begin + bar.end,
        context_.picture->step};
  }

  const TimelineWindow& window_;
  const TimelineContext& context_;
  std::map<int, journal::StragglerSeen> slow_;
  std::set<int> ranks_;
  std::map<int, std::vector<widgets::TimelineGap>> unknown_;
  bool numbered_ = false;  // there are several micro-batches
  widgets::TimelineData data_;
};

}  // namespace

std::set<SpanKind> kinds_of(const TimelineWindow& window) {
  std::set<SpanKind> kinds;
  for (const TimelineLane& lane : window.lanes) {
    if (lane.is_untold) continue;
    kinds.insert(lane.kinds.begin(), lane.kinds.end());
    for (const journal::Span& span : lane.single) kinds.insert(span.kind);
  }
  return kinds;
}

widgets::TimelineData timeline_rows(const TimelineWindow& window, const TimelineContext& context) {
  return Rows(window, context).take();
}

}  // namespace athanor::app
