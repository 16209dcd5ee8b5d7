#include "core/timeline/step_picture.h"

#include "core/timeline/executed.h"
#include "core/timeline/predict.h"

#include <algorithm>
#include <map>
#include <set>

namespace athanor::timeline {
namespace {

using journal::SpanKind;
using store::RankStep;
constexpr double kSecondsPerNanosecond = 1e-9;

// The optimizer is the last that a rank does in a step; a step that is one recorded piece of work ends when another
// begins.
bool is_whole(const RankStep& step, std::int64_t newest_of_rank, bool is_over) {
  return is_over || step.step < newest_of_rank ||
         std::ranges::any_of(step.spans, [](const auto& span) { return span.kind == SpanKind::optimizer; });
}

using Steps = std::map<std::int64_t, std::vector<const RankStep*>>;

// By step, only those that are whole on as many ranks as most are.
Steps whole_steps(const std::vector<RankStep>& all, bool is_over) {
  std::map<int, std::int64_t> newest;
  for (const RankStep& each : all) newest[each.rank] = std::max(newest[each.rank], each.step);
  Steps steps;
  for (const RankStep& each : all)
    if (is_whole(each, newest[each.rank], is_over)) steps[each.step].push_back(&each);
  std::size_t most = 0;
  for (const auto& [step, ranks] : steps) most = std::max(most, ranks.size());
  std::erase_if(steps, [most](const auto& entry) { return entry.second.size() < most; });
  return steps;
}

std::int64_t begin_of(const std::vector<const RankStep*>& ranks) {
  std::int64_t begin = INT64_MAX;
  for (const RankStep* rank : ranks)
    for (const journal::Span& span : rank->spans) begin = std::min(begin, span.begin_ns);
  return begin;
}

std::vector<Row> rows_of(const std::vector<const RankStep*>& ranks, std::int64_t begin_ns) {
  std::map<std::pair<int, int>, Row> rows;
  for (const RankStep* rank : ranks)
    for (const journal::Span& span : rank->spans) {
      Row& row = rows[{rank->rank, span.lane}];
      row.rank = rank->rank;
      row.lane = span.lane;
      row.bars.push_back({span.kind, span.stage, span.micro_batch,
                          static_cast<double>(span.begin_ns - begin_ns) * kSecondsPerNanosecond,
                          static_cast<double>(span.end_ns - begin_ns) * kSecondsPerNanosecond});
    }
  std::vector<Row> out;
  for (auto& [place, row] : rows) {
    std::ranges::stable_sort(row.bars, {}, &Bar::begin);
    out.push_back(std::move(row));
  }
  return out;
}

// What lies between two rounds, such as the loss of the whole batch, is no bubble.
void measure_bubble(StepPicture& picture) {
  double busy = 0, length = 0;
  for (const auto& round : rounds_of(picture.measured)) {
    const Stretch stretch = stretch_of(round);
    busy += stretch.busy;
    length += stretch.length();
  }
  if (length > 0) picture.bubble = 1 - busy / (picture.ranks * length);
}

// Communication with spans of its own, in part beside those of computing.
void measure_lanes(StepPicture& picture) {
  Communication sum;
  for (const Row& row : picture.measured)
    for (const Bar& bar : row.bars) {
      if (!is_communication(bar.kind)) continue;
      double covered = 0;
      for (const Row& other : picture.measured) {
        if (other.rank != row.rank || other.lane == row.lane) continue;
        for (const Bar& work : other.bars)
          if (is_compute(work.kind))
            covered += std::max(0.0, std::min(bar.end, work.end) - std::max(bar.begin, work.begin));
      }
      sum.total += bar.end - bar.begin;
      sum.exposed += std::max(0.0, bar.end - bar.begin - covered);
    }
  if (sum.total > 0) picture.communication = sum;
}

bool lies_on_several_ranks(const std::vector<Row>& rows) {
  std::map<int, int> rank_of_stage;
  std::set<int> ranks;
  for (const Row& row : rows)
    for (const Bar& bar : row.bars)
      if (bar.stage >= 0 && rank_of_stage.try_emplace(bar.stage, row.rank).first->second == row.rank)
        ranks.insert(row.rank);
  return ranks.size() > 1;
}

}  // namespace

std::optional<StepPicture> picture_of(const std::vector<RankStep>& all, bool is_over) {
  const Steps steps = whole_steps(all, is_over);
  if (steps.empty()) return std::nullopt;
  std::vector<std::vector<Row>> rows;
  for (const auto& [step, ranks] : steps) rows.push_back(rows_of(ranks, begin_of(ranks)));
  StepPicture picture;
  picture.step = steps.rbegin()->first;
  picture.begin_ns = begin_of(steps.rbegin()->second);
  picture.ranks = static_cast<int>(steps.rbegin()->second.size());
  picture.measured = rows.back();
  for (const Row& row : picture.measured)
    for (const Bar& bar : row.bars) picture.seconds = std::max(picture.seconds, bar.end);
  picture.is_pipeline = lies_on_several_ranks(picture.measured);
  if (picture.ranks == 1) return picture;
  if (picture.is_pipeline) measure_bubble(picture);
  if (!picture.is_pipeline) measure_lanes(picture);
  predict(picture, rows);
  return picture;
}

namespace {

journal::SpanKind kind_of(char kind) {
  switch (kind) {
    case 'F': return journal::SpanKind::forward;
    case 'I': return journal::SpanKind::input_gradient;
    case 'W': return journal::SpanKind::weight_gradient;
    default: return journal::SpanKind::backward;
  }
}

}  // namespace

std::optional<StepPicture> picture_of(const recipe::SchedulePrediction& schedule, double seconds) {
  if (schedule.bars.empty() || !(seconds > 0)) return std::nullopt;
  StepPicture picture;
  picture.seconds = picture.predicted_seconds = seconds;
  picture.is_pipeline = true;
  picture.predicted_bubble = schedule.bubble;
  for (const recipe::ScheduleBar& bar : schedule.bars) {
    if (picture.predicted.empty() || picture.predicted.back().rank != bar.rank)
      picture.predicted.push_back({bar.rank, 0, {}});
    picture.predicted.back().bars.push_back(
        {kind_of(bar.kind), bar.stage, bar.micro_batch, bar.begin * seconds, bar.end * seconds});
  }
  picture.ranks = static_cast<int>(picture.predicted.size());
  return picture;
}

}  // namespace athanor::timeline
