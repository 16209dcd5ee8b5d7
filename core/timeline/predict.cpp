#include "core/timeline/predict.h"

#include "core/parallel/simulate.h"
#include "core/parallel/validate.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

namespace athanor::timeline {
namespace {

using journal::SpanKind;
using parallel::Op;
using parallel::OpKind;

std::optional<OpKind> op_of(SpanKind kind) {
  switch (kind) {
    case SpanKind::forward: return OpKind::forward;
    case SpanKind::backward: return OpKind::backward;
    case SpanKind::input_gradient: return OpKind::input_gradient;
    case SpanKind::weight_gradient: return OpKind::weight_gradient;
    default: return std::nullopt;
  }
}

SpanKind kind_of(OpKind kind) {
  switch (kind) {
    case OpKind::backward: return SpanKind::backward;
    case OpKind::input_gradient: return SpanKind::input_gradient;
    case OpKind::weight_gradient: return SpanKind::weight_gradient;
    default: return SpanKind::forward;
  }
}

// What computes, with where it stands in its row.
struct Done {
  int rank = 0;
  double begin = 0, end = 0;
  double free = 0;  // since when the rank had nothing else to do
};
using Key = std::tuple<OpKind, int, int>;

std::map<Key, Done> work_of(const std::vector<Row>& rows) {
  std::map<Key, Done> done;
  for (const Row& row : rows) {
    double free = 0;
    for (const Bar& bar : row.bars) {
      const auto op = op_of(bar.kind);
      if (!op) continue;
      done[{*op, bar.stage, bar.micro_batch}] = {row.rank, bar.begin, bar.end, free};
      free = bar.end;
    }
  }
  return done;
}

// The op of another rank whose result this one needs.
const Done* needed(const std::map<Key, Done>& done, const Key& key, int stages) {
  const auto& [kind, stage, micro_batch] = key;
  const auto find = [&](OpKind other, int at) {
    const auto found = done.find({other, at, micro_batch});
    return found == done.end() ? nullptr : &found->second;
  };
  if (kind == OpKind::forward) return stage > 0 ? find(OpKind::forward, stage - 1) : nullptr;
  if (kind == OpKind::weight_gradient || stage + 1 >= stages) return nullptr;
  const Done* whole = find(OpKind::backward, stage + 1);
  return whole ? whole : find(OpKind::input_gradient, stage + 1);
}

// Calls `each` with every op that another rank's result was needed for, and that one.
template <class Each>
void for_each_message(const std::vector<Row>& rows, int stages, Each&& each) {
  const auto done = work_of(rows);
  for (const auto& [key, op] : done) {
    const Done* from = needed(done, key, stages);
    if (from && from->rank != op.rank) each(op, *from);
  }
}

double median(std::vector<double>& values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
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

std::vector<std::vector<int>> pipelines_of(const std::vector<Row>& measured) {
  std::map<int, std::set<int>> ranks_of_stage;
  for (const Row& row : measured)
    for (const Bar& bar : row.bars)
      if (is_compute(bar.kind) && bar.stage >= 0) ranks_of_stage[bar.stage].insert(row.rank);
  std::vector<std::set<int>> pipelines;
  for (const auto& [stage, ranks] : ranks_of_stage) {
    if (pipelines.empty()) pipelines.resize(ranks.size());
    if (ranks.size() != pipelines.size()) return {};
    std::size_t replica = 0;
    for (const int rank : ranks) pipelines[replica++].insert(rank);
  }
  std::vector<std::vector<int>> out;
  for (const std::set<int>& ranks : pipelines) out.emplace_back(ranks.begin(), ranks.end());
  return out;
}

std::vector<std::vector<Row>> rounds_of(const std::vector<Row>& measured) {
  std::vector<std::vector<Row>> rounds;
  for (const Row& row : measured) {
    std::set<Key> done;
    std::size_t round = 0;
    for (const Bar& bar : row.bars) {
      const auto op = op_of(bar.kind);
      if (!op || bar.stage < 0) continue;
      if (!done.insert({*op, bar.stage, bar.micro_batch}).second) {
        done = {{*op, bar.stage, bar.micro_batch}};
        ++round;
      }
      if (rounds.size() <= round) rounds.resize(round + 1);
      auto& rows = rounds[round];
      if (rows.empty() || rows.back().rank != row.rank || rows.back().lane != row.lane)
        rows.push_back({row.rank, row.lane, {}});
      rows.back().bars.push_back(bar);
    }
  }
  return rounds;
}

Stretch stretch_of(const std::vector<Row>& rows) {
  Stretch stretch;
  bool begun = false;
  for (const Row& row : rows)
    for (const Bar& bar : row.bars) {
      if (!is_compute(bar.kind)) continue;
      stretch.busy += bar.end - bar.begin;
      stretch.first = begun ? std::min(stretch.first, bar.begin) : bar.begin;
      stretch.last = std::max(stretch.last, bar.end);
      begun = true;
    }
  return stretch;
}

std::vector<Row> rows_of(const std::vector<Row>& all, const std::vector<int>& ranks) {
  std::vector<Row> out;
  for (const Row& row : all) {
    const auto found = std::ranges::find(ranks, row.rank);
    if (found == ranks.end()) continue;
    out.push_back(row);
    out.back().rank = static_cast<int>(found - ranks.begin());
  }
  return out;
}

std::optional<parallel::Schedule> schedule_of(const std::vector<Row>& measured) {
  parallel::Schedule schedule;
  schedule.name = "as executed";
  for (const Row& row : measured) {
    if (row.rank >= static_cast<int>(schedule.ranks.size()))
      schedule.ranks.resize(static_cast<std::size_t>(row.rank) + 1);
    for (const Bar& bar : row.bars) {
      const auto op = op_of(bar.kind);
      if (!op) continue;
      if (bar.stage < 0) return std::nullopt;
      const auto stage = static_cast<std::size_t>(bar.stage);
      if (stage >= schedule.stage_ranks.size()) schedule.stage_ranks.resize(stage + 1, -1);
      schedule.stage_ranks[stage] = row.rank;
      schedule.micro_batches = std::max(schedule.micro_batches, bar.micro_batch + 1);
      schedule.ranks[static_cast<std::size_t>(row.rank)].push_back({*op, bar.stage, bar.micro_batch});
    }
  }
  if (std::ranges::find(schedule.stage_ranks, -1) != schedule.stage_ranks.end()) return std::nullopt;
  if (!parallel::validate(schedule, nullptr, parallel::purpose_of(schedule)).empty()) return std::nullopt;
  return schedule;
}

parallel::CostModel costs_of(const parallel::Schedule& schedule, const std::vector<std::vector<Row>>& steps) {
  struct Sum {
    double seconds = 0;
    int count = 0;
    [[nodiscard]] double mean() const { return count > 0 ? seconds / count : 0; }
  };
  const auto stages = static_cast<std::size_t>(schedule.stage_count());
  std::vector<std::map<OpKind, Sum>> sums(stages);
  std::vector<double> hops;
  for (const auto& rows : steps) {
    for (const auto& [key, op] : work_of(rows)) {
      const auto stage = static_cast<std::size_t>(std::get<1>(key));
      if (stage >= stages) continue;
      Sum& sum = sums[stage][std::get<0>(key)];
      sum.seconds += op.end - op.begin;
      ++sum.count;
    }
    for_each_message(rows, schedule.stage_count(), [&](const Done& op, const Done& from) {
      if (op.free <= from.end) hops.push_back(std::max(0.0, op.begin - from.end));
    });
  }
  parallel::CostModel costs;
  for (auto& of : sums) {
    const double half = of[OpKind::backward].mean() / 2;
    costs.stages.push_back({.forward = of[OpKind::forward].mean(),
                            .input_gradient = half + of[OpKind::input_gradient].mean(),
                            .weight_gradient = half + of[OpKind::weight_gradient].mean()});
  }
  costs.hop = median(hops);
  return costs;
}

Communication messages_of(const parallel::Schedule& schedule, const std::vector<Row>& measured, double hop) {
  Communication sum;
  for_each_message(measured, schedule.stage_count(), [&](const Done& op, const Done& from) {
    const double exposed = std::max(0.0, op.begin - std::max(op.free, from.end));
    sum.exposed += exposed;
    sum.total += std::max(hop, exposed);
  });
  return sum;
}

void predict(StepPicture& picture, const std::vector<std::vector<Row>>& steps) {
  picture.is_pipeline ? predict_pipelines(picture, steps) : predict_replicas(picture, steps);
}

}  // namespace athanor::timeline
