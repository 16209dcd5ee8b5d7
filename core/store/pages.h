// The rows of the table `page`. Used inside transactions; throws SQLite::Exception and Failure.
#pragma once

#include "core/store/types.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::store {

class Connection;

struct PageKey {
  std::int64_t metric = 0;
  int level = 0;
  std::int64_t number = 0;
};

struct StepRange {
  std::int64_t first = 0, last = 0;
};

// Its row. With `row` other than 0 that one is written over.
std::int64_t write_page(Connection& connection, const PageKey& key, const StepRange& steps, const std::string& bytes,
                        std::int64_t row = 0);
void drop_page(Connection& connection, std::int64_t row);

struct PagePlace {
  std::int64_t number = 0;
  std::int64_t row = 0;
  StepRange steps;
};
// Of all pages of a level, by number.
[[nodiscard]] std::vector<PagePlace> places_of(Connection& connection, std::int64_t metric, int level);
[[nodiscard]] std::string page_bytes(Connection& connection, std::int64_t row);

struct PageView {
  std::int64_t number = 0;
  StepRange steps;
  std::string_view bytes;
};
// Calls `take` with each page of a level that has steps of the range, by number. Where steps only rise it seeks them.
// `take` reads nothing else of this connection.
void for_pages(Connection& connection, std::int64_t metric, int level, const StepRange& range, bool rising,
               const std::function<void(const PageView&)>& take);

}  // namespace athanor::store
