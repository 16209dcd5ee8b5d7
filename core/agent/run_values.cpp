#include "core/agent/run_values.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace athanor::agent {
namespace {

std::optional<double> seconds(std::int64_t ns) {
  return ns == 0 ? std::nullopt : std::optional(static_cast<double>(ns) * 1e-9);
}

}  // namespace

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

std::vector<query::Column> recipe_columns() {
  std::vector<query::Column> columns;
  for (const recipe::Field& field : recipe::fields())
    columns.push_back({field.path, type_of(field.type), query::Origin::parameter, field.help, false});
  return columns;
}

std::vector<query::Column> imported_columns(const std::vector<std::pair<std::string, bool>>& settings) {
  std::vector<query::Column> columns;
  for (const auto& [path, is_text] : settings)
    columns.push_back({path, is_text ? Type::text : Type::number, query::Origin::parameter,
                       "what imported runs were set up with", false});
  return columns;
}

std::optional<store::SettingValue> fallback_of(const std::string& path) {
  const recipe::Field* field = recipe::find_field(path);
  return field != nullptr ? std::optional(setting_of(field->fallback)) : std::nullopt;
}

std::string text_of(const store::SettingValue& value) {
  const auto* number = std::get_if<double>(&value);
  return number != nullptr ? fmt::format("{}", *number) : std::get<std::string>(value);
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

std::string_view text_of(const store::Run& run, RunField field) {
  switch (field) {
    case RunField::name: return run.name;
    case RunField::status: return store::to_string(run.status);
    case RunField::model: return run.model;
    case RunField::note: return run.note;
    default: return run.cause;
  }
}

double value_of(const store::MetricFacts& facts, query::Aggregate aggregate) {
  switch (aggregate) {
    case query::Aggregate::last: return facts.last;
    case query::Aggregate::first: return facts.first;
    case query::Aggregate::min: return facts.minimum;
    case query::Aggregate::max: return facts.maximum;
    case query::Aggregate::mean: return facts.mean();
    case query::Aggregate::count: return static_cast<double>(facts.samples);
  }
  return facts.last;
}

store::SettingValue setting_of(const recipe::Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? 1.0 : 0.0;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* fraction = std::get_if<double>(&value)) return *fraction;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return nlohmann::json(std::get<std::vector<std::string>>(value)).dump();
}

std::vector<std::string> texts_of(const std::string& list) {
  std::vector<std::string> texts;
  const auto json = nlohmann::json::parse(list, nullptr, false);
  for (const auto& each : json.is_array() ? json : nlohmann::json::array())
    if (each.is_string()) texts.push_back(each);
  return texts;
}

}  // namespace athanor::agent
