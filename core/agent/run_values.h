// Runs, recipe fields and metrics in the words of queries (core/query). Values; any thread.
#pragma once

#include "core/query/run_fields.h"
#include "core/recipe/recipe.h"
#include "core/store/setting_value.h"
#include "core/store/types.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace athanor::agent {

[[nodiscard]] query::Type type_of(recipe::FieldType type);
// A field of each recipe that queries can name.
[[nodiscard]] std::vector<query::Column> recipe_columns();
// Of what imported runs were set up with, as store::Reader::imported_settings() tells it.
[[nodiscard]] std::vector<query::Column> imported_columns(const std::vector<std::pair<std::string, bool>>& settings);
// What holds where a run's recipe says nothing; nothing for what is no field of recipes.
[[nodiscard]] std::optional<store::SettingValue> fallback_of(const std::string& path);
// Of a setting in a column of texts, where some runs have numbers.
[[nodiscard]] std::string text_of(const store::SettingValue& value);

// Of a number, a time, a duration or a truth; empty: the run has none. now_s: seconds since 1970, until which the
// duration of a live run is counted.
[[nodiscard]] std::optional<double> number_of(const store::Run& run, query::RunField field, double now_s);
// Of a text; as long as the run lives.
[[nodiscard]] std::string_view text_of(const store::Run& run, query::RunField field);
// Least, greatest and mean leave out what is not finite.
[[nodiscard]] double value_of(const store::MetricFacts& facts, query::Aggregate aggregate);

// A field's value as the history keeps it, and the texts of a list from there.
[[nodiscard]] store::SettingValue setting_of(const recipe::Value& value);
[[nodiscard]] std::vector<std::string> texts_of(const std::string& list);

}  // namespace athanor::agent
