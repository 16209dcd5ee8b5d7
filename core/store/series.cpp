#include "core/store/series.h"

#include "core/store/chunk.h"
#include "core/store/database.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>

namespace athanor::store {
namespace {

constexpr int kLevels = 8;  // kFan^8 chunks: no series is longer

void bind_number(SQLite::Statement& statement, int index, double value) {
  if (std::isnan(value)) {
    statement.bind(index);  // SQLite keeps NaN as NULL in any case
  } else {
    statement.bind(index, value);
  }
}

void bind_bytes(SQLite::Statement& statement, int index, const std::string& bytes) {
  statement.bind(index, bytes.data(), static_cast<int>(bytes.size()));
}

std::vector<Bucket> children_of(Connection& connection, std::int64_t metric, int level, std::int64_t first) {
  auto& query = connection.statement(
      "SELECT first_step, last_step, first_time_ns, last_time_ns, minimum, maximum, last, count, non_finite FROM node "
      "WHERE metric = ? AND level = ? AND number >= ? AND number < ? ORDER BY number");
  SQLite::bind(query, metric, level, first, first + kFan);
  std::vector<Bucket> buckets;
  while (query.executeStep()) {
    buckets.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getInt64(), query.getColumn(2).getInt64(),
                       query.getColumn(3).getInt64(), number_of(query, 4), number_of(query, 5), number_of(query, 6),
                       query.getColumn(7).getInt64(), query.getColumn(8).getInt64()});
  }
  return buckets;
}

void delete_from(Connection& connection, const char* sql, std::int64_t metric) {
  auto& statement = connection.statement(sql);
  statement.bind(1, metric);
  statement.exec();
}

void delete_rows(Connection& connection, std::int64_t metric) {
  delete_from(connection, "DELETE FROM sample WHERE metric = ?", metric);
  delete_from(connection, "DELETE FROM tail WHERE metric = ?", metric);
}

}  // namespace

std::vector<Point> stored_tail(Connection& connection, std::int64_t metric) {
  std::vector<Point> points;
  auto& packed = connection.statement("SELECT points FROM tail WHERE metric = ?");
  packed.bind(1, metric);
  if (packed.executeStep()) points = unpack_points(bytes_of(packed, 0));
  auto& rows = connection.statement("SELECT step, time_ns, value FROM sample WHERE metric = ? ORDER BY number");
  rows.bind(1, metric);
  while (rows.executeStep()) {
    points.push_back({rows.getColumn(0).getInt64(), rows.getColumn(1).getInt64(), number_of(rows, 2)});
  }
  return points;
}

Series Series::load(Connection& connection, RunId run, std::string_view name) {
  const std::string text(name);
  Series series;
  auto& query = connection.statement(
      "SELECT id, chunks, (SELECT last FROM node WHERE metric = id AND level = 0 AND number = chunks - 1) "
      "FROM metric WHERE run = ? AND name = ?");
  SQLite::bind(query, run, text);
  if (query.executeStep()) {
    series.id_ = query.getColumn(0).getInt64();
    series.chunks_ = query.getColumn(1).getInt64();
    series.last_of_chunks_ = number_of(query, 2);
    series.tail_ = stored_tail(connection, series.id_);
    series.written_ = series.tail_.size();
    return series;
  }
  auto& insert = connection.statement("INSERT INTO metric (run, name) VALUES (?, ?)");
  SQLite::bind(insert, run, text);
  insert.exec();
  series.id_ = connection.database().getLastInsertRowid();
  return series;
}

std::int64_t Series::sealed() const { return chunks_ * kChunkPoints; }

void Series::flush(Connection& connection) {
  if (written_ == tail_.size()) return;
  std::size_t done = 0;
  for (; tail_.size() - done >= kChunkPoints; done += kChunkPoints)
    seal(connection, std::span(tail_).subspan(done, kChunkPoints));
  if (done > 0) {
    if (written_ > 0) delete_rows(connection, id_);
    tail_.erase(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(done));
    written_ = 0;
  }
  for (; written_ < tail_.size(); ++written_) {
    auto& insert =
        connection.statement("INSERT INTO sample (metric, number, step, time_ns, value) VALUES (?, ?, ?, ?, ?)");
    const Point& point = tail_[written_];
    insert.bind(1, id_);
    insert.bind(2, sealed() + static_cast<std::int64_t>(written_));
    insert.bind(3, point.step);
    insert.bind(4, point.time_ns);
    bind_number(insert, 5, point.value);
    insert.exec();
  }
  write_row(connection);
}

void Series::write_row(Connection& connection) {
  auto& update = connection.statement("UPDATE metric SET last = ?, samples = ?, chunks = ? WHERE id = ?");
  bind_number(update, 1, tail_.empty() ? last_of_chunks_ : tail_.back().value);
  update.bind(2, sealed() + static_cast<std::int64_t>(tail_.size()));
  update.bind(3, chunks_);
  update.bind(4, id_);
  update.exec();
}

void Series::seal(Connection& connection, std::span<const Point> points) {
  std::vector<Bucket> fine;
  for (std::size_t at = 0; at < points.size(); at += kFinePoints)
    fine.push_back(bucket_of(points.subspan(at, kFinePoints)));
  const std::string packed_points = pack_points(points);
  const std::string packed_fine = pack_buckets(fine);
  auto& insert = connection.statement("INSERT INTO chunk (metric, number, points, fine) VALUES (?, ?, ?, ?)");
  insert.bind(1, id_);
  insert.bind(2, chunks_);
  bind_bytes(insert, 3, packed_points);
  bind_bytes(insert, 4, packed_fine);
  insert.exec();
  add_node(connection, 0, chunks_, bucket_of(fine));
  last_of_chunks_ = points.back().value;
  ++chunks_;
}

void Series::add_node(Connection& connection, int level, std::int64_t number, const Bucket& bucket) {
  auto& insert = connection.statement("INSERT INTO node VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(1, id_);
  insert.bind(2, level);
  insert.bind(3, number);
  insert.bind(4, bucket.first_step);
  insert.bind(5, bucket.last_step);
  insert.bind(6, bucket.first_time_ns);
  insert.bind(7, bucket.last_time_ns);
  bind_number(insert, 8, bucket.minimum);
  bind_number(insert, 9, bucket.maximum);
  bind_number(insert, 10, bucket.last);
  insert.bind(11, bucket.count);
  insert.bind(12, bucket.non_finite);
  insert.exec();
  if ((number + 1) % kFan != 0) return;
  add_node(connection, level + 1, number / kFan, bucket_of(children_of(connection, id_, level, number + 1 - kFan)));
}

void Series::cut(Connection& connection, std::int64_t step) {
  flush(connection);
  std::int64_t first = chunks_;  // the first chunk with a sample that goes
  auto& find = connection.statement("SELECT min(number) FROM node WHERE metric = ? AND level = 0 AND last_step > ?");
  SQLite::bind(find, id_, step);
  if (find.executeStep() && !find.getColumn(0).isNull()) first = find.getColumn(0).getInt64();
  const auto stays = [step](const Point& point) { return point.step <= step; };
  if (first == chunks_ && std::ranges::all_of(tail_, stays)) return;

  std::vector<Point> kept;
  auto& chunks = connection.statement("SELECT points FROM chunk WHERE metric = ? AND number >= ? ORDER BY number");
  SQLite::bind(chunks, id_, first);
  while (chunks.executeStep())
    std::ranges::copy_if(unpack_points(bytes_of(chunks, 0)), std::back_inserter(kept), stays);
  std::ranges::copy_if(tail_, std::back_inserter(kept), stays);

  delete_rows(connection, id_);
  auto& drop_chunks = connection.statement("DELETE FROM chunk WHERE metric = ? AND number >= ?");
  SQLite::bind(drop_chunks, id_, first);
  drop_chunks.exec();
  std::int64_t number = first;
  for (int level = 0; level < kLevels; ++level, number /= kFan) {
    auto& drop_nodes = connection.statement("DELETE FROM node WHERE metric = ? AND level = ? AND number >= ?");
    SQLite::bind(drop_nodes, id_, level, number);
    drop_nodes.exec();
  }
  chunks_ = first;
  last_of_chunks_ = 0;
  auto& last = connection.statement("SELECT last FROM node WHERE metric = ? AND level = 0 AND number = ?");
  SQLite::bind(last, id_, chunks_ - 1);
  if (last.executeStep()) last_of_chunks_ = number_of(last, 0);
  tail_ = std::move(kept);
  written_ = 0;
  flush(connection);
  write_row(connection);
}

void Series::pack(Connection& connection) {
  flush(connection);
  delete_rows(connection, id_);
  if (tail_.empty()) return;
  const std::string packed = pack_points(tail_);
  auto& insert = connection.statement("INSERT INTO tail (metric, points) VALUES (?, ?)");
  insert.bind(1, id_);
  bind_bytes(insert, 2, packed);
  insert.exec();
}

std::vector<std::string> series_names(Connection& connection, RunId run) {
  auto& query = connection.statement("SELECT name FROM metric WHERE run = ? AND samples > 0 ORDER BY name");
  query.bind(1, run);
  std::vector<std::string> names;
  while (query.executeStep()) names.push_back(text_of(query, 0));
  return names;
}

}  // namespace athanor::store
