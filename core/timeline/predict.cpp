#include "core/timeline/predict.h"

#include "core/parallel/simulate.h"
#include "core/timeline/executed.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace athanor::timeline {
namespace {

using journal::SpanKind;
using parallel::OpKind;

SpanKind kind_of(OpKind kind) {
  switch (kind) {
    case OpKind::backward: return SpanKind::backward;
    case OpKind::input_gradient: return SpanKind::input_gradient;
    case OpKind::weight_gradient: return SpanKind::weight_gradient;
    default: return SpanKind::forward;
  }
}

// One pipeline's part of a round, that begins at `start`. What its ranks compute in all, as predicted; nothing where
// that cannot be predicted.
struct Predicted {
  std::vector<Row> rows;
  double busy = 0, length = 0;
};
std::optional<Predicted> predict_pipeline(const std::vector<Row>& round, const std::vector<std::vector<Row>>& others,
                                          const std::vector<int>& ranks, double start, Communication& messages) {
  const std::vector<Row> mine = rows_of(round, ranks);
  const auto schedule = schedule_of(mine);
  if (!schedule) return std::nullopt;
  std::vector<std::vector<Row>> theirs;
  for (const auto& rows : others) theirs.push_back(rows_of(rows, ranks));
  const parallel::CostModel costs = costs_of(*schedule, theirs);
  const Communication sent = messages_of(*schedule, mine, costs.hop);
  messages.total += sent.total;
  messages.exposed += sent.exposed;
  const auto simulated = parallel::simulate(*schedule, costs);
  if (!simulated) return std::nullopt;
  Predicted out{
      {}, simulated->efficiency * simulated->makespan * static_cast<double>(ranks.size()), simulated->makespan};
  for (const int rank : ranks) out.rows.push_back({rank, 0, {}});
  for (const parallel::TimelineSpan& span : simulated->timeline) {
    if (span.lane != parallel::Lane::compute) continue;
    out.rows[static_cast<std::size_t>(span.rank)].bars.push_back(
        {kind_of(span.op.kind), span.op.stage, span.op.micro_batch, start + span.begin, start + span.end});
  }
  return out;
}

// Round after round; a round is over when the slowest pipeline is through, and what lies between two takes what it
// took.
void predict_pipelines(StepPicture& picture, const std::vector<std::vector<Row>>& steps) {
  const auto rounds = rounds_of(picture.measured);
  std::map<int, Row> rows;
  Communication messages;
  double busy = 0, length = 0, start = 0, before = 0;
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    std::vector<std::vector<Row>> others;
    for (const auto& step : steps)
      if (auto each = rounds_of(step); each.size() == rounds.size()) others.push_back(std::move(each[i]));
    const Stretch measured = stretch_of(rounds[i]);
    start += measured.first - before;
    before = measured.last;
    double longest = 0;
    const auto pipelines = pipelines_of(rounds[i]);
    if (pipelines.empty()) return;
    for (const std::vector<int>& ranks : pipelines) {
      const auto mine = predict_pipeline(rounds[i], others, ranks, start, messages);
      if (!mine) return;
      busy += mine->busy;
      longest = std::max(longest, mine->length);
      for (const Row& row : mine->rows) {
        Row& out = rows.try_emplace(row.rank, Row{row.rank, 0, {}}).first->second;
        out.bars.insert(out.bars.end(), row.bars.begin(), row.bars.end());
      }
    }
    start += longest;
    length += longest;
  }
  if (length <= 0) return;
  for (auto& [rank, row] : rows) picture.predicted.push_back(std::move(row));
  picture.communication = messages;
  picture.predicted_seconds = start + (picture.seconds - before);
  picture.predicted_bubble = 1 - busy / (picture.ranks * length);
}

// Ranks that do the same side by side: each op takes what it takes on average, one after the other.
void predict_replicas(StepPicture& picture, const std::vector<std::vector<Row>>& steps) {
  // By kind, and how many of that kind there were before it.
  std::map<std::pair<SpanKind, int>, std::pair<double, int>> costs;
  for (const auto& rows : steps)
    for (const Row& row : rows) {
      std::map<SpanKind, int> before;
      for (const Bar& bar : row.bars) {
        auto& [sum, count] = costs[{bar.kind, before[bar.kind]++}];
        sum += bar.end - bar.begin;
        ++count;
      }
    }
  for (const Row& row : picture.measured) {
    if (row.lane != 0) continue;
    Row& out = picture.predicted.emplace_back(Row{row.rank, 0, {}});
    double at = 0;
    std::map<SpanKind, int> before;
    for (Bar bar : row.bars) {
      const auto& [sum, count] = costs[{bar.kind, before[bar.kind]++}];
      bar.begin = at;
      at += sum / count;
      bar.end = at;
      out.bars.push_back(bar);
    }
    picture.predicted_seconds = std::max(picture.predicted_seconds, at);
  }
}

}  // namespace

void predict(StepPicture& picture, const std::vector<std::vector<Row>>& steps) {
  picture.is_pipeline ? predict_pipelines(picture, steps) : predict_replicas(picture, steps);
}

}  // namespace athanor::timeline
