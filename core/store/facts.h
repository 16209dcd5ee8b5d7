// What is known of all samples of a metric, as its row has it.
#pragma once

#include "core/store/types.h"

namespace SQLite {
class Statement;
}

namespace athanor::store {

void add(MetricFacts& facts, const Point& point);

// The columns of a row of `metric` that hold them, in order; they begin at `column` of the query, at `index` of the
// update.
#define ATH_FACT_COLUMNS \
  "samples, finite, rising, first_step, last_step, minimum, maximum, minimum_step, maximum_step, sum, first, last"
inline constexpr int kFactColumns = 12;
[[nodiscard]] MetricFacts facts_of(SQLite::Statement& row, int column);
void bind_facts(SQLite::Statement& statement, int index, const MetricFacts& facts);

}  // namespace athanor::store
