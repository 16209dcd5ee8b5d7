// Rows of the history as values. Times are wall-clock nanoseconds since the Unix epoch.
#pragma once

#include "core/journal/event.h"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace athanor::store {

using RunId = std::int64_t;

// queued … finished; `broken` is a run whose process died without saying why.
enum class RunStatus : std::uint8_t { queued, starting, running, stopping, finished, stopped, failed, broken };

[[nodiscard]] const char* to_string(RunStatus status) noexcept;
[[nodiscard]] bool is_live(RunStatus status) noexcept;  // queued to stopping

// A stretch of a run's journal that is lost; everything else was taken in.
struct JournalDamage {
  int rank = 0;  // of journal-<rank>.athj
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
  bool tail =
      false;  // the unfinished event of a process that died while it wrote; else bytes that were changed or lost
  std::string reason;  // "these bytes are not a whole frame"
};

struct Run {
  RunId id = 0;
  std::string name;
  RunStatus status = RunStatus::queued;
  std::string cause;  // of stopped, failed and broken
  std::string directory;
  std::string recipe_toml;                                    // resolved
  std::string model;                                          // Prediction::model
  std::int64_t created_ns = 0, started_ns = 0, ended_ns = 0;  // 0 = not yet
  std::int64_t step = 0, steps = 0;
  std::optional<RunId> parent;  // fork of
  std::int64_t fork_step = 0;
  std::vector<std::string> tags;
  std::string note;
  bool pinned = false;
  std::optional<std::int64_t> deleted_ns;  // in the bin since; recoverable
  std::map<std::string, double> last;      // last value of every metric
  std::vector<JournalDamage> damage;       // by rank and offset; empty for a whole journal
};

// What became of the runs since somebody knew them up to a number.
struct RunChanges {
  std::string history = {};  // by which a history is told from another that takes its place
  std::int64_t newest = 0;   // they are known up to this number now
  bool anew = false;         // `changed` are all runs there are, whatever was known before
  // Pinned ones first, then by age, newest first; without recipe_toml, and with the last values of the metrics that
  // were asked for only.
  std::vector<Run> changed = {};
  std::vector<RunId> gone = {};
};

struct Point {
  std::int64_t step = 0;
  std::int64_t time_ns = 0;
  double value = 0;
};

// What is known of all samples of a metric together. Minimum, maximum, sum and mean are of the finite ones; NaN or 0
// without any.
struct MetricFacts {
  std::int64_t samples = 0, finite = 0;
  bool rising = true;                          // no step is lower than the one before
  std::int64_t first_step = 0, last_step = 0;  // lowest and highest
  double minimum = std::numeric_limits<double>::quiet_NaN(), maximum = std::numeric_limits<double>::quiet_NaN();
  std::int64_t minimum_step = 0, maximum_step = 0;  // where they were reached first
  double sum = 0;
  double first = std::numeric_limits<double>::quiet_NaN(), last = std::numeric_limits<double>::quiet_NaN();

  [[nodiscard]] double mean() const { return finite > 0 ? sum / static_cast<double>(finite) : minimum; }
};

// One column of a drawn curve: every sample between first_step and last_step is inside [minimum, maximum].
struct Bucket {
  std::int64_t first_step = 0, last_step = 0;
  std::int64_t first_time_ns = 0, last_time_ns = 0;
  double minimum = 0, maximum = 0, last = 0;  // minimum and maximum are NaN when no sample is finite
  std::int64_t count = 0;                     // of all samples
  std::int64_t non_finite = 0;  // of those: NaN and infinities are counted, not folded into minimum and maximum
};

enum class Times : std::uint8_t { read, leave_out };  // left out ones are 0
// Whether summaries that reach beyond the range are cut to it, or kept whole, which is quicker.
enum class Edges : std::uint8_t { cut, whole };

// Pages of a metric that cannot be read. Where they hold samples, those are known by their minima and maxima alone;
// where they hold summaries, nothing is lost.
struct DamagedSamples {
  RunId run = 0;
  std::string metric;
  std::int64_t first_step = 0, last_step = 0;
  bool is_lost = false;
};

struct CurveKey {
  RunId run = 0;
  std::string metric;
};

// Which part of a curve is read, and how finely.
struct CurveRange {
  std::int64_t first_step = std::numeric_limits<std::int64_t>::min();
  std::int64_t last_step = std::numeric_limits<std::int64_t>::max();
  int columns = 1000;  // at most so many buckets
  Times times = Times::read;
  Edges edges = Edges::cut;
};

struct LogEntry {
  std::int64_t id = 0;
  std::int64_t time_ns = 0;
  journal::Severity severity = journal::Severity::info;
  std::string text;
};

// What one rank did in one step. Begin and end are wall-clock times like all others, on one axis for all ranks of a
// host: see core/journal/clock.h.
struct RankStep {
  std::int64_t step = 0;
  int rank = 0;
  std::vector<journal::Span> spans;  // by begin
};

// Anything of the journal that is neither a metric, a device sample, a log line, a retrieval sample nor a span.
struct Occurrence {
  std::int64_t id = 0;
  std::int64_t time_ns = 0;
  journal::Payload payload;
};

}  // namespace athanor::store
