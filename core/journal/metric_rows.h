// Samples of metric frames that follow each other and name the same metrics, without an event for each. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace athanor::journal {

struct MetricRows {
  std::size_t before = 0;  // they come before this event of their batch
  std::shared_ptr<const std::vector<std::string>> names;
  std::vector<std::int64_t> steps, times_ns;  // of each row; times as Event::time_ns
  std::vector<double> values;                 // row by row, one for each name
};

}  // namespace athanor::journal
