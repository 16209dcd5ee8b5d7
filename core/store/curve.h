// Reading the samples of one metric at a chosen resolution. Inside a read transaction; throws SQLite::Exception and
// Failure.
#pragma once

#include "core/store/page.h"
#include "core/store/types.h"

#include <string_view>
#include <vector>

namespace athanor::store {

class Connection;

// What is read of a metric before its samples.
struct SeriesPlace {
  std::int64_t metric = -1;  // -1: there is none
  std::int64_t samples = 0;
  std::int64_t pages = 0;  // full ones of samples
  bool rising = true;
  std::int64_t first_step = 0, last_step = 0;
};
[[nodiscard]] SeriesPlace find_series(Connection& connection, RunId run, std::string_view name);

// Pages that could not be read, with the steps they are of. Samples of one at level 0 are lost but for their summaries.
struct DamagedPage {
  std::int64_t metric = 0;
  int level = 0;
  std::int64_t number = 0;
  std::int64_t first_step = 0, last_step = 0;
};
using DamagedPages = std::vector<DamagedPage>;

// Damaged pages are passed over and added to `damaged`; curves take other pages of the same samples in their place.
[[nodiscard]] std::vector<Point> read_points(Connection& connection, const SeriesPlace& place, std::int64_t first_step,
                                             std::int64_t last_step, DamagedPages& damaged);
[[nodiscard]] std::vector<Bucket> read_curve(Connection& connection, const SeriesPlace& place, const CurveRange& range,
                                             DamagedPages& damaged);

}  // namespace athanor::store
