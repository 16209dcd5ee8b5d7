// The journals of a run as a trace in the JSON format of Chrome, which Perfetto opens: a process for each rank, a
// thread for each lane, and what happened as instants. Times are microseconds from the beginning of rank 0's journal.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace athanor::timeline {

struct TraceWritten {
  int ranks = 0;
  std::int64_t spans = 0, marks = 0;
  std::vector<Error> passed_over;  // journals of other ranks than the first that cannot be read
};

// One batch of a journal is in memory at a time. The file is whole or not there. Errors: io where it cannot be written;
// those of journal::read for the journal of rank 0.
[[nodiscard]] Result<TraceWritten> write_chrome_trace(const std::filesystem::path& run,
                                                      const std::filesystem::path& file);

}  // namespace athanor::timeline
