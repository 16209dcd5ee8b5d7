#include "core/timeline/executed.h"

#include "core/parallel/validate.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

namespace athanor::timeline {
namespace {

using journal::SpanKind;
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
    journal::Rounds of_row;
    for (const Bar& bar : row.bars) {
      if (!is_compute(bar.kind) || bar.stage < 0) continue;
      const std::size_t round = of_row.of(bar.kind, bar.stage, bar.micro_batch);
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

}  // namespace athanor::timeline
