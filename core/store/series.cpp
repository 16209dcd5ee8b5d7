#include "core/store/series.h"

#include "core/store/columns.h"
#include "core/store/database.h"
#include "core/store/page.h"
#include "core/store/pages.h"

#include <algorithm>
#include <cstring>

namespace athanor::store {
namespace {

constexpr auto kEntries = static_cast<std::size_t>(kPageSamples);
constexpr int kMaxPieces = 32;  // then they are put together, so that a tail is read quickly

StepRange steps_of(std::span<const Point> points) {
  StepRange steps{points.front().step, points.front().step};
  for (const Point& point : points) steps = {std::min(steps.first, point.step), std::max(steps.last, point.step)};
  return steps;
}

}  // namespace

std::vector<Point> stored_pieces(Connection& connection, std::int64_t metric) {
  static_assert(sizeof(Point) == 24, "samples of a piece are stored as they lie in memory");
  auto& query = connection.statement("SELECT points FROM piece WHERE metric = ? ORDER BY id");
  query.bind(1, metric);
  std::vector<Point> points;
  while (query.executeStep()) {
    const SQLite::Column bytes = query.getColumn(0);
    const auto size = static_cast<std::size_t>(bytes.getBytes());
    if (size % sizeof(Point) != 0) damaged_page("a piece has the wrong length");
    points.resize(points.size() + size / sizeof(Point));
    if (size > 0) std::memcpy(points.data() + points.size() - size / sizeof(Point), bytes.getBlob(), size);
  }
  return points;
}

Series Series::load(Connection& connection, RunId run, std::string_view name) {
  const std::string text(name);
  Series series;
  auto& query = connection.statement("SELECT id, pages, " ATH_FACT_COLUMNS " FROM metric WHERE run = ? AND name = ?");
  SQLite::bind(query, run, text);
  if (!query.executeStep()) {
    auto& insert = connection.statement("INSERT INTO metric (run, name) VALUES (?, ?)");
    SQLite::bind(insert, run, text);
    insert.exec();
    series.id_ = connection.database().getLastInsertRowid();
    return series;
  }
  series.id_ = query.getColumn(0).getInt64();
  series.pages_ = query.getColumn(1).getInt64();
  series.facts_ = facts_of(query, 2);
  series.tail_ = stored_pieces(connection, series.id_);
  series.written_ = series.tail_.size();
  series.pieces_ = series.tail_.empty() ? 0 : kMaxPieces;  // put together at the next flush
  if (!series.tail_.empty() || series.facts_.samples == series.pages_ * kPageSamples) return series;
  const std::vector<PagePlace> places = places_of(connection, series.id_, 0);
  if (places.empty() || places.back().number != series.pages_) damaged_page("the newest samples are missing");
  series.packed_row_ = places.back().row;
  unpack_points(page_bytes(connection, series.packed_row_), Times::read, series.tail_);
  return series;
}

Levels& Series::levels(Connection& connection) {
  if (!levels_) levels_.emplace(connection, id_, pages_ * kPageSamples);
  return *levels_;
}

void Series::drop_pieces(Connection& connection) {
  if (written_ > 0) {
    auto& drop = connection.statement("DELETE FROM piece WHERE metric = ?");
    drop.bind(1, id_);
    drop.exec();
  }
  written_ = 0;
  pieces_ = 0;
}

// A run that goes on after its end: its newest samples are a tail again, and no summary has them.
void Series::unpack(Connection& connection) {
  if (packed_row_ == 0) return;
  drop_page(connection, packed_row_);
  packed_row_ = 0;
  if (pages_ > 0) levels_.emplace(connection, id_, pages_ * kPageSamples);
}

void Series::flush(Connection& connection) {
  if (!changed_) return;
  unpack(connection);
  std::size_t sealed = 0;
  for (; tail_.size() - sealed >= kEntries; sealed += kEntries)
    seal(connection, std::span(tail_).subspan(sealed, kEntries));
  if (sealed > 0) {
    drop_pieces(connection);
    tail_.erase(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(sealed));
  }
  if (levels_) levels_->flush(connection, id_);
  if (written_ < tail_.size()) write_piece(connection);
  write_row(connection);
  changed_ = false;
}

void Series::write_piece(Connection& connection) {
  if (pieces_ >= kMaxPieces) drop_pieces(connection);
  const auto fresh = std::span<const Point>(tail_).subspan(written_);
  auto& insert = connection.statement("INSERT INTO piece (metric, points) VALUES (?, ?)");
  insert.bind(1, id_);
  insert.bindNoCopy(2, fresh.data(), static_cast<int>(fresh.size_bytes()));
  insert.exec();
  written_ = tail_.size();
  ++pieces_;
}

void Series::write_row(Connection& connection) {
  auto& update = connection.statement("UPDATE metric SET (" ATH_FACT_COLUMNS
                                      ", pages) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?");
  bind_facts(update, 1, facts_);
  update.bind(kFactColumns + 1, pages_);
  update.bind(kFactColumns + 2, id_);
  update.exec();
}

std::int64_t Series::write_points(Connection& connection, std::span<const Point> points) {
  return write_page(connection, {id_, 0, pages_}, steps_of(points), pack_points(points));
}

void Series::seal(Connection& connection, std::span<const Point> points) {
  levels(connection).add(connection, id_, points);
  write_points(connection, points);
  ++pages_;
}

void Series::cut(Connection& connection, std::int64_t step) {
  if (changed_) flush(connection);
  if (facts_.samples == 0 || facts_.last_step <= step) return;
  unpack(connection);
  std::int64_t first = pages_;  // the first page with a sample that goes
  for (const PagePlace& place : places_of(connection, id_, 0))
    if (place.steps.last > step) first = std::min(first, place.number);
  std::vector<Point> kept = take_back(connection, first, step);
  drop_pieces(connection);
  pages_ = first;
  levels_.emplace(connection, id_, pages_ * kPageSamples);
  tail_ = std::move(kept);
  changed_ = true;
  flush(connection);
}

// What stays of the samples from a page on, whose pages go; with what is known of all that stay.
std::vector<Point> Series::take_back(Connection& connection, std::int64_t from_page, std::int64_t step) {
  facts_ = {};
  std::vector<Point> kept;
  std::vector<Point> points;
  for (const PagePlace& place : places_of(connection, id_, 0)) {
    points.clear();
    unpack_points(page_bytes(connection, place.row), Times::read, points);
    if (place.number < from_page) {
      for (const Point& point : points) add(facts_, point);
      continue;
    }
    drop_page(connection, place.row);
    kept.insert(kept.end(), points.begin(), points.end());
  }
  kept.insert(kept.end(), tail_.begin(), tail_.end());
  std::erase_if(kept, [step](const Point& point) { return point.step > step; });
  for (const Point& point : kept) add(facts_, point);
  return kept;
}

void Series::pack(Connection& connection) {
  if (packed_row_ != 0 && !changed_) return;
  flush(connection);
  drop_pieces(connection);
  if (tail_.empty()) return;
  if (pages_ > 0) {
    levels(connection).add(connection, id_, tail_);
    levels_->flush(connection, id_);
  }
  packed_row_ = write_points(connection, tail_);
}

std::vector<std::string> series_names(Connection& connection, RunId run) {
  auto& query = connection.statement("SELECT name FROM metric WHERE run = ? AND samples > 0 ORDER BY name");
  query.bind(1, run);
  std::vector<std::string> names;
  while (query.executeStep()) names.push_back(text_of(query, 0));
  return names;
}

}  // namespace athanor::store
