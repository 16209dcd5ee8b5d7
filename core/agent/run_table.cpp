#include "core/agent/run_table.h"

#include "core/agent/run_values.h"
#include "core/query/run_fields.h"
#include "core/recipe/recipe.h"

#include <algorithm>
#include <limits>
#include <set>

namespace athanor::agent {
namespace {

using query::Aggregate;
using query::Column;
using query::RunField;
using query::Type;

}  // namespace

RunTable::RunTable(std::span<const store::Run> runs, store::Reader& reader, double now_s)
    : runs_(runs), reader_(reader), now_s_(now_s), columns_(query::run_fields()) {
  for (query::Column& column : recipe_columns()) columns_.push_back(std::move(column));
  const auto imported = reader.imported_settings();
  if (!imported) trouble_ = imported.error();
  if (imported)
    for (query::Column& column : imported_columns(*imported)) columns_.push_back(std::move(column));
  std::set<std::string> metrics;
  for (const store::Run& run : runs) {
    for (const auto& [name, value] : run.last) metrics.insert(name);
  }
  for (const std::string& name : metrics) columns_.push_back({name, Type::number, query::Origin::metric, "", false});
}

std::vector<std::string> RunTable::values(std::size_t column) const {
  std::set<std::string> found;
  if (column == static_cast<std::size_t>(RunField::status)) {
    for (int status = 0; status <= static_cast<int>(store::RunStatus::broken); ++status)
      found.insert(store::to_string(static_cast<store::RunStatus>(status)));
  } else if (column == static_cast<std::size_t>(RunField::tag)) {
    for (const store::Run& run : runs_) found.insert(run.tags.begin(), run.tags.end());
  } else if (column < query::kRunFieldCount && columns_[column].type == Type::text) {
    for (const store::Run& run : runs_) found.emplace(text_of(run, static_cast<RunField>(column)));
  } else if (const recipe::Field* field = recipe::find_field(columns_[column].name)) {
    found.insert(field->choices.begin(), field->choices.end());
  }
  found.erase("");
  return {found.begin(), found.end()};
}

query::Table::Handle RunTable::bind(std::size_t column, Aggregate aggregate) {
  Bound bound;
  if (column < query::kRunFieldCount) {
    bind_field(column, bound);
  } else if (columns_[column].origin == query::Origin::parameter) {
    bind_parameter(columns_[column], bound);
  } else {
    bind_metric(columns_[column].name, aggregate, bound);
  }
  bound_.push_back(std::move(bound));
  return static_cast<Handle>(bound_.size() - 1);
}

void RunTable::bind_field(std::size_t field, Bound& bound) const {
  const Type type = columns_[field].type;
  for (const store::Run& run : runs_) {
    if (type == Type::texts) {
      bound.lists.push_back(run.tags);
    } else if (type == Type::text) {
      bound.texts.emplace_back(text_of(run, static_cast<RunField>(field)));
    } else {
      bound.numbers.push_back(number_of(run, static_cast<RunField>(field), now_s_));
    }
  }
}

// A recipe names only what differs from the defaults.
void RunTable::bind_parameter(const Column& column, Bound& bound) {
  const auto set = reader_.setting_of_runs(column.name);
  if (!set) trouble_ = set.error();
  std::map<store::RunId, store::SettingValue> values;
  if (set) values.insert(set->begin(), set->end());
  const std::optional<store::SettingValue> fallback = fallback_of(column.name);
  for (const store::Run& run : runs_) {
    const auto found = values.find(run.id);
    const store::SettingValue* value = found != values.end() ? &found->second : fallback ? &*fallback : nullptr;
    const auto* number = value != nullptr ? std::get_if<double>(value) : nullptr;
    const auto* text = value != nullptr ? std::get_if<std::string>(value) : nullptr;
    const bool is_texts = value != nullptr && column.type == Type::text;
    bound.numbers.push_back(number != nullptr ? std::optional(*number) : std::nullopt);
    bound.texts.push_back(is_texts ? std::optional(text_of(*value)) : std::nullopt);
    bound.lists.push_back(text != nullptr && column.type == Type::texts ? texts_of(*text) : std::vector<std::string>());
  }
}

void RunTable::bind_metric(const std::string& metric, Aggregate aggregate, Bound& bound) {
  const auto all = reader_.metric_of_runs(metric);
  if (!all) trouble_ = all.error();
  std::map<store::RunId, double> values;
  if (all)
    for (const auto& [run, facts] : *all) values.emplace(run, value_of(facts, aggregate));
  for (const store::Run& run : runs_) {
    const auto found = values.find(run.id);
    bound.numbers.push_back(found == values.end() ? std::nullopt : std::optional(found->second));
  }
}

std::optional<double> RunTable::number(Handle handle, std::size_t row) const { return bound_[handle].numbers[row]; }
std::optional<std::string_view> RunTable::text(Handle handle, std::size_t row) const {
  const auto& text = bound_[handle].texts[row];
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}
std::span<const std::string> RunTable::texts(Handle handle, std::size_t row) const { return bound_[handle].lists[row]; }

}  // namespace athanor::agent
