// Reading the samples of one metric at a chosen resolution. Inside a read transaction; throws SQLite::Exception and
// Failure.
#pragma once

#include "core/store/types.h"

#include <vector>

namespace athanor::store {

class Connection;

[[nodiscard]] std::vector<Point> read_points(Connection& connection, std::int64_t metric, std::int64_t first_step,
                                             std::int64_t last_step);
[[nodiscard]] std::vector<Bucket> read_curve(Connection& connection, std::int64_t metric, std::int64_t first_step,
                                             std::int64_t last_step, int buckets);

}  // namespace athanor::store
