// The samples of one metric in the store: appended in order of arrival, sealed into chunks with their pyramid, cut back
// when a run goes on from an earlier step. Used inside the writer's transactions; throws SQLite::Exception and Failure.
#pragma once

#include "core/store/types.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::store {

class Connection;

class Series {
 public:
  // The series of this name, made when it does not exist.
  static Series load(Connection& connection, RunId run, std::string_view name);

  void append(const Point& point) { tail_.push_back(point); }
  // Writes what was appended since.
  void flush(Connection& connection);
  // Forgets samples behind `step`. Flushes.
  void cut(Connection& connection, std::int64_t step);
  // Packs the rows of a run that has ended.
  void pack(Connection& connection);

 private:
  [[nodiscard]] std::int64_t sealed() const;
  void seal(Connection& connection, std::span<const Point> points);
  void add_node(Connection& connection, int level, std::int64_t number, const Bucket& bucket);
  void write_row(Connection& connection);

  std::int64_t id_ = 0;
  std::int64_t chunks_ = 0;
  std::size_t written_ = 0;  // so many of tail_ are in the store
  std::vector<Point> tail_;  // what lies behind the last chunk
  double last_of_chunks_ = 0;
};

// Names of all series of a run.
[[nodiscard]] std::vector<std::string> series_names(Connection& connection, RunId run);
// Samples behind the last chunk, in order of arrival.
[[nodiscard]] std::vector<Point> stored_tail(Connection& connection, std::int64_t metric);

}  // namespace athanor::store
