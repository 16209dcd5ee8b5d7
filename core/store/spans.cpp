#include "core/store/spans.h"

#include "core/store/database.h"

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

void drop_older(Connection& connection, RunId run, int rank) {
  auto& drop = connection.statement(
      "DELETE FROM span WHERE run = ?1 AND rank = ?2 AND step <= (SELECT step FROM span WHERE run = ?1 AND rank = ?2 "
      "GROUP BY step ORDER BY step DESC LIMIT 1 OFFSET ?3)");
  SQLite::bind(drop, run, rank, kKeptSteps);
  drop.exec();
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

}  // namespace

void note_session(Connection& connection, RunId run, int rank, const journal::SessionClock& clock) {
  auto& insert = connection.statement(
      "INSERT OR REPLACE INTO session (run, rank, anchor_ns, monotonic_ns, host) VALUES (?, ?, ?, ?, ?)");
  SQLite::bind(insert, run, rank, clock.wall_ns, clock.monotonic_ns, clock.host);
  insert.exec();
}

void keep_spans(Connection& connection, RunId run, int rank, std::int64_t anchor_wall_ns, const SpansByStep& spans) {
  if (spans.empty()) return;
  auto& drop = connection.statement("DELETE FROM span WHERE run = ? AND rank = ? AND step >= ? AND anchor_ns <> ?");
  SQLite::bind(drop, run, rank, spans.begin()->first, anchor_wall_ns);
  drop.exec();
  const std::size_t passed = spans.size() > kKeptSteps ? spans.size() - kKeptSteps : 0;
  for (auto step = std::next(spans.begin(), static_cast<std::ptrdiff_t>(passed)); step != spans.end(); ++step)
    insert_spans(connection, run, rank, anchor_wall_ns, step->second);
  drop_older(connection, run, rank);
}

void drop_spans(Connection& connection, RunId run, int rank, std::int64_t last_kept) {
  auto& drop = connection.statement("DELETE FROM span WHERE run = ? AND rank = ? AND step > ?");
  SQLite::bind(drop, run, rank, last_kept);
  drop.exec();
}

std::vector<RankStep> read_spans(Connection& connection, RunId run) {
  const Zeros zeros(connection, run);
  auto& query = connection.statement(
      "SELECT step, rank, anchor_ns, begin_ns, end_ns, lane, kind, stage, micro_batch FROM span WHERE run = ? "
      "ORDER BY step, rank, begin_ns, rowid");
  query.bind(1, run);
  std::vector<RankStep> steps;
  while (query.executeStep()) {
    const std::int64_t step = query.getColumn(0).getInt64();
    const int rank = query.getColumn(1).getInt();
    if (steps.empty() || steps.back().step != step || steps.back().rank != rank) steps.push_back({step, rank, {}});
    const std::int64_t zero = zeros.of(rank, query.getColumn(2).getInt64());
    steps.back().spans.push_back({.rank = rank,
                                  .lane = query.getColumn(5).getInt(),
                                  .kind = static_cast<journal::SpanKind>(query.getColumn(6).getInt()),
                                  .step = step,
                                  .micro_batch = query.getColumn(8).getInt(),
                                  .begin_ns = zero + query.getColumn(3).getInt64(),
                                  .end_ns = zero + query.getColumn(4).getInt64(),
                                  .stage = query.getColumn(7).getInt()});
  }
  return steps;
}

}  // namespace athanor::store
