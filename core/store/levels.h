// The summaries of one metric's sealed samples while it grows: of each level the page that is still open is at hand,
// its last entry sums up what there is so far. A level begins when the one below it has more than a page. Used inside
// the writer's transactions; throws SQLite::Exception and Failure.
#pragma once

#include "core/store/types.h"

#include <cstdint>
#include <span>
#include <vector>

namespace athanor::store {

class Connection;

class Levels {
 public:
  Levels() = default;
  // As they stand above the first `samples` samples, a whole number of pages; what the store has beyond is left out and
  // goes with the next flush.
  Levels(Connection& connection, std::int64_t metric, std::int64_t samples);

  // The next samples; a whole number of summaries of level 1, unless they are the last.
  void add(Connection& connection, std::int64_t metric, std::span<const Point> points);
  void flush(Connection& connection, std::int64_t metric);

 private:
  struct Level {
    std::int64_t page = 0;  // number of the open one
    std::vector<Bucket> open;
    std::int64_t row = 0;  // where the store keeps it; 0: nowhere yet
    bool changed = false;
  };
  // Level n stands at n - 1.
  void push(Connection& connection, std::int64_t metric, std::size_t at, const Bucket& bucket);
  void replace(std::size_t at, const Bucket& newest);
  void begin_above(std::size_t at);
  void write(Connection& connection, std::int64_t metric, std::size_t at);
  std::vector<Level> levels_;
};

}  // namespace athanor::store
