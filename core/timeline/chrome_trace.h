// The journals of a run as a trace in the JSON format of Chrome, which Perfetto opens: a process for each rank, a
// thread for each lane, and what happened as instants. Times are microseconds from the beginning of rank 0's journal.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace athanor::timeline {

struct TraceWritten {
  int ranks = 0;
  std::int64_t spans = 0, marks = 0;
  std::vector<Error> passed_over;  // journals of other ranks than the first that cannot be read
};

// What of a run goes into a trace: spans that reach into these times, and what happened between them.
struct TraceRange {
  std::int64_t begin_ns = std::numeric_limits<std::int64_t>::min();
  std::int64_t end_ns = std::numeric_limits<std::int64_t>::max();
  bool from_beginning = false;  // counted from the beginning of rank 0's journal; else those of the wall clock
};

// One batch of a journal is in memory at a time. The file is whole or not there. Errors: io where it cannot be written;
// those of journal::read for the journal of rank 0.
[[nodiscard]] Result<TraceWritten> write_chrome_trace(const std::filesystem::path& run,
                                                      const std::filesystem::path& file, const TraceRange& range = {});

}  // namespace athanor::timeline
