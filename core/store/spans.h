// What ranks did when, of their newest steps that were told in full: enough for a picture of now, while the journals
// keep the rest. Ranks tell every step or every 2^n-th (journal::SpanSampling), one that was replaced more often than
// the others: so a rank's newest steps of every such rhythm are stored, a few dozen however long the run. Used inside
// transactions of the writer and snapshots of the reader; throws SQLite::Exception.
#pragma once

#include "core/journal/clock.h"
#include "core/store/types.h"

#include <cstdint>
#include <map>
#include <vector>

namespace athanor::store {

class Connection;

inline constexpr int kKeptSteps = 4;  // of each rank and rhythm

// Gives the session its place on the run's axis, which it keeps: by the monotonic clock beside a session of the same
// host, else by its wall clock, but not before `after_ns`, where what the rank told before ends.
void note_session(Connection& connection, RunId run, int rank, const journal::SessionClock& clock,
                  std::int64_t after_ns);
// Where time 0 of a session lies on the run's axis, in nanoseconds since 1970.
[[nodiscard]] std::int64_t session_zero(Connection& connection, RunId run, int rank, std::int64_t anchor_wall_ns);

// Spans of the session whose time 0 has this anchor, by step. What an earlier session told of these and later steps is
// superseded.
using SpansByStep = std::map<std::int64_t, std::vector<journal::Span>>;
void keep_spans(Connection& connection, RunId run, int rank, std::int64_t anchor_wall_ns, const SpansByStep& spans);
// Those of steps behind this one, which are taken again.
void drop_spans(Connection& connection, RunId run, int rank, std::int64_t last_kept);

// By step and rank: of each rank the kKeptSteps newest, and as many of the rhythm that all ranks still telling share.
[[nodiscard]] std::vector<RankStep> read_spans(Connection& connection, RunId run);

}  // namespace athanor::store
