#include "app/models/run_matrix.h"

#include "core/recipe/recipe.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <span>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using store::SettingValue;

constexpr std::size_t kLeastRuns = 3;
constexpr double kDecades = 100;

bool is_known(const std::optional<SettingValue>& value) {
  const auto* number = value ? std::get_if<double>(&*value) : nullptr;
  return value && !(number && std::isnan(*number));
}

bool do_differ(const std::vector<std::optional<SettingValue>>& values) {
  return std::ranges::any_of(values, [&](const auto& value) {
    return is_known(value) != is_known(values.front()) || (is_known(value) && value != values.front());
  });
}

// Fields in the order of the form, others after them by name.
std::vector<std::string> paths_of(const RunMatrix& matrix, const FieldsOf& fields) {
  std::set<std::string> all;
  for (const store::RunId run : matrix.runs)
    if (const auto* set = fields(run))
      for (const auto& [path, value] : *set) all.insert(path);
  std::vector<std::string> paths;
  for (const recipe::Field& field : recipe::fields())
    if (all.erase(field.path) > 0) paths.push_back(field.path);
  paths.insert(paths.end(), all.begin(), all.end());
  return paths;
}

MatrixRow empty_row(const RunMatrix& matrix, const std::string& name) {
  MatrixRow row;
  row.name = name;
  row.values.resize(matrix.runs.size());
  return row;
}

MatrixRow metric_row(const RunMatrix& matrix, const NamedMetric& metric) {
  MatrixRow row = empty_row(matrix, metric.first);
  row.is_metric = true;
  for (std::size_t i = 0; i < matrix.runs.size(); ++i)
    if (const auto found = metric.second->find(matrix.runs[i]); found != metric.second->end())
      row.values[i].emplace(found->second.last);
  return row;
}

MatrixRow field_row(const RunMatrix& matrix, const FieldsOf& fields, const std::string& path) {
  MatrixRow row = empty_row(matrix, path);
  const std::optional<SettingValue> otherwise = default_setting(path);
  for (std::size_t i = 0; i < matrix.runs.size(); ++i) {
    const auto* set = fields(matrix.runs[i]);
    if (!set) continue;
    const auto found = set->find(path);
    if (found != set->end())
      row.values[i].emplace(found->second);
    else
      row.values[i] = otherwise;
  }
  return row;
}

// From 1; those that are equal share the mean of their places.
std::vector<double> ranks_of(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  std::vector<double> ranks(values.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i + 1;
    while (end < order.size() && values[order[end]] == values[order[i]]) ++end;
    for (std::size_t j = i; j < end; ++j) ranks[order[j]] = (static_cast<double>(i + 1) + static_cast<double>(end)) / 2;
    i = end;
  }
  return ranks;
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double correlation(std::span<const double> a, std::span<const double> b) {
  const double mean_a = mean_of(a), mean_b = mean_of(b);
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : std::nan("");
}

// The share of the variance of `values` that lies between groups, less what chance would put there (epsilon squared);
// NaN where no group has two members.
double between(std::span<const double> groups, std::span<const double> values) {
  std::map<double, std::vector<double>> by_group;
  for (std::size_t i = 0; i < groups.size(); ++i) by_group[groups[i]].push_back(values[i]);
  const double mean = mean_of(values);
  double inside = 0, all = 0;
  for (const auto& [group, members] : by_group) {
    const double own = mean_of(members);
    inside += static_cast<double>(members.size()) * (own - mean) * (own - mean);
  }
  for (const double value : values) all += (value - mean) * (value - mean);
  const auto count = static_cast<double>(values.size()), number = static_cast<double>(by_group.size());
  if (number < 2 || number >= count || all <= 0) return std::nan("");
  const double by_chance = (number - 1) * (all - inside) / (count - number);
  return std::max(0.0, (inside - by_chance) / all);
}

}  // namespace

std::optional<SettingValue> default_setting(const std::string& path) {
  const recipe::Field* field = recipe::find_field(path);
  if (!field) return std::nullopt;
  if (const auto* flag = std::get_if<bool>(&field->fallback)) return *flag ? 1.0 : 0.0;
  if (const auto* whole = std::get_if<std::int64_t>(&field->fallback)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&field->fallback)) return *real;
  if (const auto* text = std::get_if<std::string>(&field->fallback)) return *text;
  return nlohmann::json(std::get<std::vector<std::string>>(field->fallback)).dump();
}

double samples_per_step(const std::map<std::string, SettingValue>& fields) {
  const auto set = fields.find("data.batch_size");
  const auto batch = set != fields.end() ? std::optional(set->second) : default_setting("data.batch_size");
  const auto* size = batch ? std::get_if<double>(&*batch) : nullptr;
  return size ? *size : 0;
}

RunMatrix matrix_of(const std::vector<store::RunId>& runs, const FieldsOf& fields,
                    const std::vector<NamedMetric>& metrics) {
  RunMatrix matrix{runs, {}};
  if (runs.empty()) return matrix;
  for (const NamedMetric& metric : metrics) matrix.rows.push_back(metric_row(matrix, metric));
  for (const std::string& path : paths_of(matrix, fields)) matrix.rows.push_back(field_row(matrix, fields, path));
  for (MatrixRow& row : matrix.rows) row.differs = do_differ(row.values);
  return matrix;
}

QString row_title(const MatrixRow& row) {
  return row.is_metric ? look_of_metric(row.name).title : field_title(row.name);
}

QString value_text(const MatrixRow& row, std::size_t run) {
  const std::optional<SettingValue>& value = row.values[run];
  if (!is_known(value)) return u"–"_s;
  return row.is_metric ? metric_text(look_of_metric(row.name), std::get<double>(*value))
                       : setting_text(row.name, *value);
}

RowScale scale_of(const MatrixRow& row) {
  RowScale scale;
  const recipe::Field* field = row.is_metric ? nullptr : recipe::find_field(row.name);
  const bool is_switch = field && field->type == recipe::FieldType::boolean;
  const bool has_text = is_switch || std::ranges::any_of(row.values, [](const auto& value) {
                          return value && std::holds_alternative<std::string>(*value);
                        });
  if (has_text) {
    std::set<QString> texts;
    for (std::size_t i = 0; i < row.values.size(); ++i)
      if (is_known(row.values[i])) texts.insert(value_text(row, i));
    scale.choices.assign(texts.begin(), texts.end());
  }
  double least = std::numeric_limits<double>::infinity(), greatest = -least;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    double place = std::nan("");
    if (is_known(row.values[i]) && has_text)
      place = static_cast<double>(std::ranges::find(scale.choices, value_text(row, i)) - scale.choices.begin());
    else if (is_known(row.values[i]) && std::isfinite(std::get<double>(*row.values[i])))
      place = std::get<double>(*row.values[i]);
    if (!std::isnan(place)) {
      least = std::min(least, place);
      greatest = std::max(greatest, place);
    }
    scale.places.push_back(place);
  }
  scale.is_logarithmic = !has_text && least > 0 && greatest >= kDecades * least;
  return scale;
}

std::optional<Importance> importance_of(const MatrixRow& row, const MatrixRow& metric) {
  const RowScale quantity = scale_of(row), result = scale_of(metric);
  std::vector<double> a, b;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    if (std::isnan(quantity.places[i]) || std::isnan(result.places[i])) continue;
    a.push_back(quantity.places[i]);
    b.push_back(result.places[i]);
  }
  if (a.size() < kLeastRuns) return std::nullopt;
  const std::vector<double> ranks = ranks_of(b);
  Importance importance;
  importance.runs = a.size();
  if (quantity.choices.empty()) {
    const double rho = correlation(ranks_of(a), ranks);
    importance.strength = std::abs(rho);
    importance.direction = rho > 0 ? 1 : rho < 0 ? -1 : 0;
  } else {
    importance.strength = std::sqrt(between(a, ranks));
  }
  if (std::isnan(importance.strength)) return std::nullopt;
  return importance;
}

std::vector<Importance> importances(const RunMatrix& matrix, std::size_t metric_row) {
  std::vector<Importance> all;
  for (std::size_t i = 0; i < matrix.rows.size(); ++i) {
    const MatrixRow& row = matrix.rows[i];
    if (row.is_metric || !row.differs) continue;
    if (auto importance = importance_of(row, matrix.rows[metric_row])) {
      importance->row = i;
      all.push_back(*importance);
    }
  }
  std::ranges::stable_sort(all, std::ranges::greater(), &Importance::strength);
  return all;
}

}  // namespace athanor::app
