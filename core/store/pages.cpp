#include "core/store/pages.h"

#include "core/store/database.h"

#include <algorithm>

namespace athanor::store {

std::int64_t write_page(Connection& connection, const PageKey& key, const StepRange& steps, const std::string& bytes,
                        std::int64_t row) {
  auto& statement = connection.statement(
      row == 0 ? "INSERT INTO page (first_step, last_step, bytes, metric, level, number) VALUES (?, ?, ?, ?, ?, ?)"
               : "UPDATE page SET first_step = ?, last_step = ?, bytes = ? WHERE id = ?");
  statement.bind(1, steps.first);
  statement.bind(2, steps.last);
  statement.bindNoCopy(3, bytes.data(), static_cast<int>(bytes.size()));
  if (row == 0) {
    statement.bind(4, key.metric);
    statement.bind(5, key.level);
    statement.bind(6, key.number);
  } else {
    statement.bind(4, row);
  }
  statement.exec();
  return row == 0 ? connection.database().getLastInsertRowid() : row;
}

void drop_page(Connection& connection, std::int64_t row) {
  auto& drop = connection.statement("DELETE FROM page WHERE id = ?");
  drop.bind(1, row);
  drop.exec();
}

std::vector<PagePlace> places_of(Connection& connection, std::int64_t metric, int level) {
  auto& query = connection.statement(
      "SELECT number, id, first_step, last_step FROM page INDEXED BY page_steps WHERE metric = ? AND level = ?");
  SQLite::bind(query, metric, level);
  std::vector<PagePlace> places;
  while (query.executeStep()) {
    places.push_back({query.getColumn(0).getInt64(),
                      query.getColumn(1).getInt64(),
                      {query.getColumn(2).getInt64(), query.getColumn(3).getInt64()}});
  }
  std::ranges::sort(places, {}, &PagePlace::number);
  return places;
}

std::string page_bytes(Connection& connection, std::int64_t row) {
  auto& query = connection.statement("SELECT bytes FROM page WHERE id = ?");
  query.bind(1, row);
  return query.executeStep() ? bytes_of(query, 0) : std::string();
}

void for_pages(Connection& connection, std::int64_t metric, int level, const StepRange& range, bool rising,
               const std::function<void(const PageView&)>& take) {
  auto& query =
      connection.statement(rising ? "SELECT number, first_step, last_step, bytes FROM page INDEXED BY page_steps "
                                    "WHERE metric = ? AND level = ? AND last_step >= ? ORDER BY last_step, number"
                                  : "SELECT number, first_step, last_step, bytes FROM page INDEXED BY page_steps "
                                    "WHERE metric = ? AND level = ? AND last_step >= ? ORDER BY number");
  SQLite::bind(query, metric, level, range.first);
  while (query.executeStep()) {
    if (query.getColumn(1).getInt64() > range.last) {
      if (rising) break;
      continue;
    }
    const SQLite::Column bytes = query.getColumn(3);
    take({query.getColumn(0).getInt64(),
          {query.getColumn(1).getInt64(), query.getColumn(2).getInt64()},
          {static_cast<const char*>(bytes.getBlob()), static_cast<std::size_t>(bytes.getBytes())}});
  }
  query.tryReset();
}

}  // namespace athanor::store
