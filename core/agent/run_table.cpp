#include "core/agent/run_table.h"

#include "core/query/run_fields.h"
#include "core/recipe/recipe.h"

#include <toml++/toml.h>

#include <algorithm>
#include <limits>
#include <set>

namespace athanor::agent {
namespace {

using query::Aggregate;
using query::Column;
using query::RunField;
using query::Type;

Type type_of(recipe::FieldType type) {
  switch (type) {
    case recipe::FieldType::boolean: return Type::truth;
    case recipe::FieldType::integer:
    case recipe::FieldType::real: return Type::number;
    case recipe::FieldType::list: return Type::texts;
    default: return Type::text;
  }
}

std::optional<double> seconds(std::int64_t ns) {
  return ns == 0 ? std::nullopt : std::optional(static_cast<double>(ns) * 1e-9);
}

std::optional<double> number_of(const store::Run& run, RunField field, double now_s) {
  switch (field) {
    case RunField::id: return static_cast<double>(run.id);
    case RunField::step: return static_cast<double>(run.step);
    case RunField::steps: return static_cast<double>(run.steps);
    case RunField::progress:
      return run.steps > 0 ? std::optional(static_cast<double>(run.step) / static_cast<double>(run.steps))
                           : std::nullopt;
    case RunField::created: return seconds(run.created_ns);
    case RunField::started: return seconds(run.started_ns);
    case RunField::ended: return seconds(run.ended_ns);
    case RunField::duration: {
      const auto started = seconds(run.started_ns);
      const auto ended = store::is_live(run.status) ? std::optional(now_s) : seconds(run.ended_ns);
      return started && ended ? std::optional(std::max(*ended - *started, 0.0)) : std::nullopt;
    }
    case RunField::parent: return run.parent ? std::optional(static_cast<double>(*run.parent)) : std::nullopt;
    case RunField::live: return store::is_live(run.status) ? 1.0 : 0.0;
    case RunField::pinned: return run.pinned ? 1.0 : 0.0;
    case RunField::archived: return run.deleted_ns ? 1.0 : 0.0;
    default: return std::nullopt;
  }
}

std::string text_of(const store::Run& run, RunField field) {
  switch (field) {
    case RunField::name: return run.name;
    case RunField::status: return store::to_string(run.status);
    case RunField::model: return run.model;
    case RunField::note: return run.note;
    default: return run.cause;
  }
}

// A recipe names only what differs from the defaults. Empty for a text that is no recipe.
std::optional<recipe::Value> parameter_of(const std::string& recipe_toml, const recipe::Field& field) {
  toml::table table;
  try {
    table = toml::parse(recipe_toml);
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
  const auto node = table.at_path(field.path);
  if (!node) return field.fallback;
  if (const auto* flag = node.as_boolean()) return flag->get();
  if (const auto* whole = node.as_integer()) return static_cast<double>(whole->get());
  if (const auto* fraction = node.as_floating_point()) return fraction->get();
  if (const auto* text = node.as_string()) return text->get();
  std::vector<std::string> words;
  if (const auto* array = node.as_array()) {
    for (const toml::node& element : *array)
      if (const auto* word = element.as_string()) words.push_back(word->get());
  }
  return words;
}

// Least, greatest and mean leave out what is not finite.
double value_of(const store::MetricFacts& facts, Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::last: return facts.last;
    case Aggregate::first: return facts.first;
    case Aggregate::min: return facts.minimum;
    case Aggregate::max: return facts.maximum;
    case Aggregate::mean: return facts.mean();
    case Aggregate::count: return static_cast<double>(facts.samples);
  }
  return facts.last;
}

}  // namespace

RunTable::RunTable(std::span<const store::Run> runs, store::Reader& reader, double now_s)
    : runs_(runs), reader_(reader), now_s_(now_s), columns_(query::run_fields()) {
  for (const recipe::Field& field : recipe::fields())
    columns_.push_back({field.path, type_of(field.type), query::Origin::parameter, field.help, false});
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
    for (const store::Run& run : runs_) found.insert(text_of(run, static_cast<RunField>(column)));
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

void RunTable::bind_parameter(const Column& column, Bound& bound) const {
  const recipe::Field& field = *recipe::find_field(column.name);
  for (const store::Run& run : runs_) {
    const auto value = parameter_of(run.recipe_toml, field);
    std::optional<double> number;
    std::optional<std::string> text;
    std::vector<std::string> list;
    if (value) {
      if (const auto* flag = std::get_if<bool>(&*value)) number = *flag ? 1.0 : 0.0;
      if (const auto* whole = std::get_if<std::int64_t>(&*value)) number = static_cast<double>(*whole);
      if (const auto* fraction = std::get_if<double>(&*value)) number = *fraction;
      if (const auto* one = std::get_if<std::string>(&*value)) text = *one;
      if (const auto* many = std::get_if<std::vector<std::string>>(&*value)) list = *many;
    }
    bound.numbers.push_back(number);
    bound.texts.push_back(std::move(text));
    bound.lists.push_back(std::move(list));
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
