#include "core/store/facts.h"

#include "core/store/database.h"

#include <algorithm>
#include <cmath>

namespace athanor::store {
namespace {

void bind_number(SQLite::Statement& statement, int index, double value) {
  if (std::isnan(value)) {
    statement.bind(index);  // SQLite keeps NaN as NULL in any case
  } else {
    statement.bind(index, value);
  }
}

}  // namespace

void add(MetricFacts& facts, const Point& point) {
  if (facts.samples == 0) {
    facts.first_step = facts.last_step = point.step;
    facts.first = point.value;
  } else if (point.step < facts.last_step) {
    facts.rising = false;
  }
  ++facts.samples;
  facts.first_step = std::min(facts.first_step, point.step);
  facts.last_step = std::max(facts.last_step, point.step);
  facts.last = point.value;
  if (!std::isfinite(point.value)) return;
  ++facts.finite;
  facts.sum += point.value;
  if (facts.finite == 1 || point.value < facts.minimum) {
    facts.minimum = point.value;
    facts.minimum_step = point.step;
  }
  if (facts.finite == 1 || point.value > facts.maximum) {
    facts.maximum = point.value;
    facts.maximum_step = point.step;
  }
}

MetricFacts facts_of(SQLite::Statement& row, int column) {
  MetricFacts facts;
  facts.samples = row.getColumn(column).getInt64();
  facts.finite = row.getColumn(column + 1).getInt64();
  facts.rising = row.getColumn(column + 2).getInt() != 0;
  facts.first_step = row.getColumn(column + 3).getInt64();
  facts.last_step = row.getColumn(column + 4).getInt64();
  facts.minimum = number_of(row, column + 5);
  facts.maximum = number_of(row, column + 6);
  facts.minimum_step = row.getColumn(column + 7).getInt64();
  facts.maximum_step = row.getColumn(column + 8).getInt64();
  facts.sum = number_of(row, column + 9);
  facts.first = number_of(row, column + 10);
  facts.last = number_of(row, column + 11);
  return facts;
}

void bind_facts(SQLite::Statement& statement, int index, const MetricFacts& facts) {
  statement.bind(index, facts.samples);
  statement.bind(index + 1, facts.finite);
  statement.bind(index + 2, facts.rising ? 1 : 0);
  statement.bind(index + 3, facts.first_step);
  statement.bind(index + 4, facts.last_step);
  bind_number(statement, index + 5, facts.minimum);
  bind_number(statement, index + 6, facts.maximum);
  statement.bind(index + 7, facts.minimum_step);
  statement.bind(index + 8, facts.maximum_step);
  bind_number(statement, index + 9, facts.sum);
  bind_number(statement, index + 10, facts.first);
  bind_number(statement, index + 11, facts.last);
}

}  // namespace athanor::store
