// All spans that a rank told, lane by lane, as they grow: sealed into pages of spans, and those summed up in pages of
// shares; cut back when the run goes on from an earlier step. What the store then holds depends on what was told and
// in which order, not on where the telling was cut into stretches, but for the pieces behind the last page. Used inside
// the writer's transactions; throws SQLite::Exception and Failure.
//
// Pages are never written again: level 1 has one for each kSpanBase pages of spans, level n + 1 one for each kSpanFan
// of level n, as soon as there are so many.
#pragma once

#include "core/store/span_page.h"
#include "core/store/types.h"

#include <cstdint>
#include <limits>
#include <map>
#include <vector>

namespace athanor::store {

class Connection;

// Beside the lanes of a rank: where it did something that it did not tell, or that is superseded.
inline constexpr int kUntoldLane = std::numeric_limits<std::int32_t>::min();

class LaneSpans {
 public:
  LaneSpans(Connection& connection, RunId run, int rank, int lane);

  // Behind all that were told before; times are of the run's axis.
  void append(TimedSpan span);
  void flush(Connection& connection);
  // Forgets spans of steps behind this one.
  void cut(Connection& connection, std::int64_t step);
  // Makes one piece of what lies behind the last page: the run has ended.
  void pack(Connection& connection);

  [[nodiscard]] std::int64_t spans() const { return spans_; }
  [[nodiscard]] std::int64_t end_ns() const { return end_ns_; }
  [[nodiscard]] std::int64_t last_step() const { return last_step_; }

 private:
  void read_tail(Connection& connection);
  void seal(Connection& connection);
  void sum_up_above(Connection& connection);
  [[nodiscard]] SummedUp sum_of(Connection& connection, int level, std::int64_t number);
  void write_page(Connection& connection, int level, std::int64_t number, std::span<const TimedSpan> spans,
                  const SummedUp* sum);
  void write_piece(Connection& connection);
  void drop_pieces(Connection& connection);
  void add_facts(const journal::Span& span);

  std::int64_t id_ = 0;
  int rank_ = 0, lane_ = 0;
  std::int64_t pages_ = 0;  // of spans
  std::int64_t spans_ = 0;
  std::int64_t begin_ns_ = 0, end_ns_ = 0, last_step_ = -1;  // of all spans
  std::vector<TimedSpan> tail_;                              // behind the last page
  std::size_t written_ = 0;                                  // so many of them are in pieces
  int pieces_ = 0;
  bool changed_ = false;
};

class RankSpans {
 public:
  RankSpans(Connection& connection, RunId run, int rank);

  // `anchor_ns` tells sessions apart; times of the span are of the run's axis. What another session told of this and
  // later steps is superseded.
  void tell(Connection& connection, const journal::Span& span, std::int64_t anchor_ns);
  void cut(Connection& connection, std::int64_t last_kept);
  void flush(Connection& connection);
  void pack(Connection& connection);
  // Where the last of them ends; 0: there is none.
  [[nodiscard]] std::int64_t end_ns() const;

 private:
  LaneSpans& lane(Connection& connection, int lane);
  [[nodiscard]] std::int64_t last_step() const;
  void leave_untold(Connection& connection, std::int64_t begin_ns, std::int64_t end_ns, std::int64_t step);

  RunId run_;
  int rank_;
  std::int64_t anchor_ns_ = 0;  // of the session told of last
  std::int64_t stored_anchor_ns_ = 0;
  std::int64_t untold_end_ns_ = 0;  // of the last stretch that was not told
  std::map<int, LaneSpans> lanes_;
};

}  // namespace athanor::store
