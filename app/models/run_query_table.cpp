#include "app/models/run_query_table.h"

#include "app/models/run_words.h"
#include "core/agent/run_values.h"

#include <set>

namespace athanor::app {
namespace {

using query::Aggregate;
using query::Column;
using query::Origin;
using query::RunField;
using query::Type;

constexpr std::size_t kStateWord = query::kRunFieldCount;  // the column behind the fields

}  // namespace

RunQueryTable::RunQueryTable(const RunStore* runs, FigureStore* figures)
    : runs_(runs), figures_(figures), columns_(query::run_fields()) {
  for (std::size_t status = 0; status < state_words_.size(); ++status)
    state_words_[status] = look_of(static_cast<store::RunStatus>(status)).word.toStdString();
  // So that what the table shows is found in every language.
  columns_.push_back({"state", Type::text, Origin::field, "how far it has come, as the window says it", true});
  for (Column& column : agent::recipe_columns()) columns_.push_back(std::move(column));
  for (Column& column : agent::imported_columns(figures->imported_settings())) columns_.push_back(std::move(column));
  for (const std::string& name : figures->metric_names())
    columns_.push_back({name, Type::number, Origin::metric, "", false});
}

std::vector<std::string> RunQueryTable::values(std::size_t column) const {
  std::set<std::string> found;
  if (column == static_cast<std::size_t>(RunField::status)) {
    for (int status = 0; status <= static_cast<int>(store::RunStatus::broken); ++status)
      found.insert(store::to_string(static_cast<store::RunStatus>(status)));
  } else if (column == kStateWord) {
    found.insert(state_words_.begin(), state_words_.end());
  } else if (column < query::kRunFieldCount) {
    for (const store::Run& run : runs_->runs()) {
      if (columns_[column].type == Type::texts)
        found.insert(run.tags.begin(), run.tags.end());
      else if (columns_[column].type == Type::text)
        found.emplace(agent::text_of(run, static_cast<RunField>(column)));
    }
  } else if (const recipe::Field* field = recipe::find_field(columns_[column].name)) {
    found.insert(field->choices.begin(), field->choices.end());
  }
  found.erase("");
  return {found.begin(), found.end()};
}

query::Table::Handle RunQueryTable::bind(std::size_t column, Aggregate aggregate) {
  Bound bound{column, aggregate};
  if (columns_[column].origin == Origin::metric) {
    bound.metric = &figures_->metric(columns_[column].name);
  } else if (columns_[column].origin == Origin::parameter) {
    bound.setting = &figures_->setting(columns_[column].name);
    bound.fallback = agent::fallback_of(columns_[column].name);
  }
  bound_.push_back(std::move(bound));
  return static_cast<Handle>(bound_.size() - 1);
}

const store::SettingValue* RunQueryTable::setting(const Bound& bound, std::size_t row) const {
  const auto found = bound.setting->find(run(row).id);
  if (found != bound.setting->end()) return &found->second;
  return bound.fallback ? &*bound.fallback : nullptr;
}

std::optional<double> RunQueryTable::number(Handle handle, std::size_t row) const {
  const Bound& bound = bound_[handle];
  if (bound.metric != nullptr) {
    const auto found = bound.metric->find(run(row).id);
    return found == bound.metric->end() ? std::nullopt : std::optional(agent::value_of(found->second, bound.aggregate));
  }
  if (bound.setting != nullptr) {
    const store::SettingValue* value = setting(bound, row);
    const auto* number = value != nullptr ? std::get_if<double>(value) : nullptr;
    return number != nullptr ? std::optional(*number) : std::nullopt;
  }
  return agent::number_of(run(row), static_cast<RunField>(bound.column), static_cast<double>(wall_now_ns()) * 1e-9);
}

std::optional<std::string_view> RunQueryTable::text(Handle handle, std::size_t row) const {
  const Bound& bound = bound_[handle];
  if (bound.setting != nullptr) {
    const store::SettingValue* value = setting(bound, row);
    if (value == nullptr) return std::nullopt;
    if (const auto* text = std::get_if<std::string>(value)) return *text;
    // A recipe has no NaN, which would have no place in the order.
    return number_texts_.try_emplace(std::get<double>(*value), agent::text_of(*value)).first->second;
  }
  if (bound.column == kStateWord) return state_words_[static_cast<std::size_t>(run(row).status)];
  return agent::text_of(run(row), static_cast<RunField>(bound.column));
}

std::span<const std::string> RunQueryTable::texts(Handle handle, std::size_t row) const {
  const Bound& bound = bound_[handle];
  if (bound.setting == nullptr) return run(row).tags;
  const store::SettingValue* value = setting(bound, row);
  const auto* text = value != nullptr ? std::get_if<std::string>(value) : nullptr;
  list_ = text != nullptr ? agent::texts_of(*text) : std::vector<std::string>();
  return list_;
}

}  // namespace athanor::app
