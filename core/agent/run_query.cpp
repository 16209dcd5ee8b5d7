#include "core/agent/run_query.h"

#include "core/agent/run_table.h"
#include "core/query/query.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace athanor::agent {
namespace {

double now_s() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

// NaN is as unknown as what is missing.
bool before(const std::optional<double>& a, const std::optional<double>& b) {
  const bool known_a = a && !std::isnan(*a), known_b = b && !std::isnan(*b);
  return known_a && (!known_b || *a < *b);
}

bool before(const std::optional<std::string_view>& a, const std::optional<std::string_view>& b) {
  const bool known_a = a && !a->empty(), known_b = b && !b->empty();
  return known_a && (!known_b || *a < *b);
}

void sort_rows(std::vector<std::size_t>& rows, const query::Expression& key) {
  if (key.type() == query::Type::text) {
    std::ranges::stable_sort(rows, [&](std::size_t a, std::size_t b) { return before(key.text(a), key.text(b)); });
  } else {
    std::ranges::stable_sort(rows, [&](std::size_t a, std::size_t b) { return before(key.number(a), key.number(b)); });
  }
}

}  // namespace

Result<std::vector<store::Run>> find_runs(store::Reader& history, const RunQuery& query) {
  auto runs = history.runs(true);
  if (!runs) return runs;
  const query::Settings settings{now_s(), query::Zone::local};
  RunTable table(*runs, history, settings.now_s);
  const auto filter = query::Filter::compile(query.where, table, settings);
  if (!filter) return tl::unexpected(query::to_error(query.where, filter.error()));
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < runs->size(); ++row)
    if (filter->matches(row)) rows.push_back(row);
  if (!query.sort.empty()) {
    const auto key = query::Expression::compile(query.sort, table, settings);
    if (!key) return tl::unexpected(query::to_error(query.sort, key.error()));
    sort_rows(rows, *key);
  }
  if (table.trouble()) return tl::unexpected(*table.trouble());
  std::vector<store::Run> found;
  for (const std::size_t row : rows) found.push_back(std::move((*runs)[row]));
  return found;
}

}  // namespace athanor::agent
