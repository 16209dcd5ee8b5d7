// The samples of one metric in the store: appended in order of arrival, sealed into pages with their summaries, cut
// back when a run goes on from an earlier step. Used inside the writer's transactions; throws SQLite::Exception and
// Failure.
#pragma once

#include "core/store/facts.h"
#include "core/store/levels.h"
#include "core/store/types.h"

#include <optional>
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

  void append(const Point& point) {
    tail_.push_back(point);
    add(facts_, point);
    changed_ = true;
  }
  // Writes what was appended since.
  void flush(Connection& connection);
  // Forgets samples behind `step`. Flushes.
  void cut(Connection& connection, std::int64_t step);
  // Makes one page of what lies behind the last one: the run has ended.
  void pack(Connection& connection);

 private:
  void seal(Connection& connection, std::span<const Point> points);
  std::int64_t write_points(Connection& connection, std::span<const Point> points);
  void unpack(Connection& connection);
  void drop_pieces(Connection& connection);
  void write_piece(Connection& connection);
  void write_row(Connection& connection);
  [[nodiscard]] std::vector<Point> take_back(Connection& connection, std::int64_t from_page, std::int64_t step);
  Levels& levels(Connection& connection);

  std::int64_t id_ = 0;
  std::int64_t pages_ = 0;   // full ones of samples
  std::vector<Point> tail_;  // what lies behind the last of them
  std::size_t written_ = 0;  // so many of tail_ are in pieces in the store
  int pieces_ = 0;
  std::int64_t packed_row_ = 0;  // of the page of tail_, where the run had ended
  bool changed_ = false;
  MetricFacts facts_;
  std::optional<Levels> levels_;
};

// Names of all series of a run.
[[nodiscard]] std::vector<std::string> series_names(Connection& connection, RunId run);
// Samples that are in pieces, in order of arrival.
[[nodiscard]] std::vector<Point> stored_pieces(Connection& connection, std::int64_t metric);

}  // namespace athanor::store
