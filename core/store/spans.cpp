#include "core/store/spans.h"

#include "core/store/database.h"

#include <algorithm>
#include <set>

namespace athanor::store {
namespace {

void insert_spans(Connection& connection, RunId run, int rank, std::int64_t anchor_wall_ns,
                  const std::vector<journal::Span>& spans) {
  for (const journal::Span& span : spans) {
    auto& insert = connection.statement(
        "INSERT INTO span (run, rank, step, anchor_ns, begin_ns, end_ns, lane, kind, stage, micro_batch) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    SQLite::bind(insert, run, rank, span.step, anchor_wall_ns, span.begin_ns, span.end_ns, span.lane,
                 static_cast<int>(span.kind), span.stage, span.micro_batch);
    insert.exec();
  }
}

std::set<std::int64_t> newest_of(const std::set<std::int64_t>& steps, std::int64_t stride) {
  std::set<std::int64_t> newest;
  for (auto step = steps.rbegin(); step != steps.rend() && newest.size() < kKeptSteps; ++step)
    if (*step % stride == 0) newest.insert(*step);
  return newest;
}

// The newest of every rhythm in which another rank may tell: journals come one after the other, so which of these all
// ranks have is not known yet.
std::set<std::int64_t> worth_keeping(const std::set<std::int64_t>& steps) {
  std::set<std::int64_t> kept;
  const std::int64_t longest = steps.empty() ? 0 : std::max<std::int64_t>(1, *steps.rbegin());
  for (std::int64_t stride = 1; stride > 0 && stride <= longest; stride = stride > longest / 2 ? 0 : stride * 2)
    kept.merge(newest_of(steps, stride));
  return kept;
}

std::set<std::int64_t> stored_steps(Connection& connection, RunId run, int rank) {
  auto& query = connection.statement("SELECT DISTINCT step FROM span WHERE run = ? AND rank = ?");
  SQLite::bind(query, run, rank);
  std::set<std::int64_t> steps;
  while (query.executeStep()) steps.insert(query.getColumn(0).getInt64());
  return steps;
}

void drop_step(Connection& connection, RunId run, int rank, std::int64_t step) {
  auto& drop = connection.statement("DELETE FROM span WHERE run = ? AND rank = ? AND step = ?");
  SQLite::bind(drop, run, rank, step);
  drop.exec();
}

using StepsByRank = std::map<int, std::set<std::int64_t>>;

StepsByRank steps_by_rank(Connection& connection, RunId run) {
  auto& query = connection.statement("SELECT DISTINCT rank, step FROM span WHERE run = ?");
  query.bind(1, run);
  StepsByRank steps;
  while (query.executeStep()) steps[query.getColumn(0).getInt()].insert(query.getColumn(1).getInt64());
  return steps;
}

// In which a rank tells now: a power of two that divides its steps, and is no longer than the way between the last two.
std::int64_t stride_of(const std::set<std::int64_t>& steps) {
  const std::int64_t newest = *steps.rbegin();
  const std::int64_t divisor = newest > 0 ? newest & -newest : 1;
  return steps.size() > 1 ? std::min(divisor, newest - *std::next(steps.rbegin())) : divisor;
}

// Of the rank among those still telling that tells most rarely. One is lost that is further behind than a few of its
// own steps.
std::int64_t shared_stride(const StepsByRank& ranks) {
  std::int64_t newest = 0;
  for (const auto& [rank, steps] : ranks) newest = std::max(newest, *steps.rbegin());
  std::int64_t shared = 1;
  for (const auto& [rank, steps] : ranks) {
    const std::int64_t stride = stride_of(steps);
    if (newest - *steps.rbegin() <= kKeptSteps * stride) shared = std::max(shared, stride);
  }
  return shared;
}

// Where time 0 of each session of a run lies on one axis, by rank and anchor.
class Zeros {
 public:
  Zeros(Connection& connection, RunId run) {
    auto& query = connection.statement(
        "SELECT rank, anchor_ns, monotonic_ns, host FROM session WHERE run = ? ORDER BY rank, anchor_ns DESC");
    query.bind(1, run);
    while (query.executeStep()) {
      const std::int64_t anchor = query.getColumn(1).getInt64();
      zeros_[{query.getColumn(0).getInt(), anchor}] =
          axis_.place({anchor, query.getColumn(2).getInt64(), text_of(query, 3)});
    }
  }
  [[nodiscard]] std::int64_t of(int rank, std::int64_t anchor) const {
    const auto known = zeros_.find({rank, anchor});
    return known == zeros_.end() ? anchor : known->second;
  }

 private:
  journal::TimeAxis axis_;
  std::map<std::pair<int, std::int64_t>, std::int64_t> zeros_;
};

std::vector<journal::Span> spans_of(Connection& connection, RunId run, int rank, std::int64_t step,
                                    const Zeros& zeros) {
  auto& query = connection.statement(
      "SELECT anchor_ns, begin_ns, end_ns, lane, kind, stage, micro_batch FROM span WHERE run = ? AND rank = ? AND "
      "step = ? ORDER BY begin_ns, rowid");
  SQLite::bind(query, run, rank, step);
  std::vector<journal::Span> spans;
  while (query.executeStep()) {
    const std::int64_t zero = zeros.of(rank, query.getColumn(0).getInt64());
    spans.push_back({.rank = rank,
                     .lane = query.getColumn(3).getInt(),
                     .kind = static_cast<journal::SpanKind>(query.getColumn(4).getInt()),
                     .step = step,
                     .micro_batch = query.getColumn(6).getInt(),
                     .begin_ns = zero + query.getColumn(1).getInt64(),
                     .end_ns = zero + query.getColumn(2).getInt64(),
                     .stage = query.getColumn(5).getInt()});
  }
  return spans;
}

}  // namespace

void note_session(Connection& connection, RunId run, int rank, const journal::SessionClock& clock,
                  std::int64_t after_ns) {
  std::int64_t zero = std::max(clock.wall_ns, after_ns);
  auto& beside = connection.statement(
      "SELECT zero_ns - monotonic_ns FROM session WHERE run = ? AND host = ? AND host <> '' AND zero_ns IS NOT NULL "
      "ORDER BY rank, anchor_ns LIMIT 1");
  SQLite::bind(beside, run, clock.host);
  if (beside.executeStep()) zero = beside.getColumn(0).getInt64() + clock.monotonic_ns;
  auto& insert = connection.statement(
      "INSERT OR IGNORE INTO session (run, rank, anchor_ns, monotonic_ns, host, zero_ns) VALUES (?, ?, ?, ?, ?, ?)");
  SQLite::bind(insert, run, rank, clock.wall_ns, clock.monotonic_ns, clock.host, zero);
  insert.exec();
}

std::int64_t session_zero(Connection& connection, RunId run, int rank, std::int64_t anchor_wall_ns) {
  auto& query = connection.statement("SELECT zero_ns FROM session WHERE run = ? AND rank = ? AND anchor_ns = ?");
  SQLite::bind(query, run, rank, anchor_wall_ns);
  const bool is_known = query.executeStep() && !query.getColumn(0).isNull();
  return is_known ? query.getColumn(0).getInt64() : anchor_wall_ns;
}

void keep_spans(Connection& connection, RunId run, int rank, std::int64_t anchor_wall_ns, const SpansByStep& spans) {
  if (spans.empty()) return;
  auto& drop = connection.statement("DELETE FROM span WHERE run = ? AND rank = ? AND step >= ? AND anchor_ns <> ?");
  SQLite::bind(drop, run, rank, spans.begin()->first, anchor_wall_ns);
  drop.exec();
  const std::set<std::int64_t> stored = stored_steps(connection, run, rank);
  std::set<std::int64_t> all = stored;
  for (const auto& [step, told] : spans) all.insert(step);
  const std::set<std::int64_t> kept = worth_keeping(all);
  for (const auto& [step, told] : spans)
    if (kept.contains(step)) insert_spans(connection, run, rank, anchor_wall_ns, told);
  for (const std::int64_t step : stored)
    if (!kept.contains(step)) drop_step(connection, run, rank, step);
}

void drop_spans(Connection& connection, RunId run, int rank, std::int64_t last_kept) {
  auto& drop = connection.statement("DELETE FROM span WHERE run = ? AND rank = ? AND step > ?");
  SQLite::bind(drop, run, rank, last_kept);
  drop.exec();
}

std::vector<RankStep> read_spans(Connection& connection, RunId run) {
  const StepsByRank ranks = steps_by_rank(connection, run);
  const std::int64_t shared = shared_stride(ranks);
  std::set<std::pair<std::int64_t, int>> chosen;
  for (const auto& [rank, steps] : ranks)
    for (const std::int64_t stride : {std::int64_t{1}, shared})
      for (const std::int64_t step : newest_of(steps, stride)) chosen.emplace(step, rank);
  const Zeros zeros(connection, run);
  std::vector<RankStep> out;
  for (const auto& [step, rank] : chosen) out.push_back({step, rank, spans_of(connection, run, rank, step, zeros)});
  return out;
}

}  // namespace athanor::store
