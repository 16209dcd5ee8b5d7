// Reading what ranks did in a window of time. Inside a read transaction; throws SQLite::Exception and Failure.
#pragma once

#include "core/store/timeline.h"

namespace athanor::store {

class Connection;

[[nodiscard]] TimelineExtent read_extent(Connection& connection, RunId run);
// At most `columns` columns. The time it takes goes by them and by the lanes, not by the spans.
[[nodiscard]] TimelineWindow read_window(Connection& connection, RunId run, std::int64_t begin_ns, std::int64_t end_ns,
                                         int columns);

}  // namespace athanor::store
