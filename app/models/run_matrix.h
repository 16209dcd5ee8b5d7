// What compared runs came to and what their recipes set, as a matrix: a row for every quantity, a place in it for every
// run. The truth behind tables of differences, parallel coordinates and importances. Pure; GUI thread.
#pragma once

#include "app/models/metric_words.h"
#include "app/stores/figure_store.h"
#include "core/store/setting_value.h"
#include "core/store/types.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace athanor::app {

struct MatrixRow {
  std::string name;  // of a metric, or the path of a field
  bool is_metric = false;
  // By run. Where a recipe leaves a field as it is, its default; nothing: not known.
  std::vector<std::optional<store::SettingValue>> values;
  bool differs = false;  // not all the same
};

struct RunMatrix {
  std::vector<store::RunId> runs;
  std::vector<MatrixRow> rows;  // metrics in the order asked for, then fields in the order of the form
};

using FieldsOf = std::function<const std::map<std::string, store::SettingValue>*(store::RunId)>;  // null: not read
using NamedMetric = std::pair<std::string, const FigureStore::Metric*>;
// A metric is told by its last value.
[[nodiscard]] RunMatrix matrix_of(const std::vector<store::RunId>& runs, const FieldsOf& fields,
                                  const std::vector<NamedMetric>& metrics);

// What holds where a recipe leaves a field as it is; nothing for a path that is no field.
[[nodiscard]] std::optional<store::SettingValue> default_setting(const std::string& path);
// How many samples of the data a step takes, as the recipe that sets `fields` says or by default; 0: not known.
[[nodiscard]] double samples_per_step(const std::map<std::string, store::SettingValue>& fields);
// "Learning rate", "0.001"; a dash where it is not known.
[[nodiscard]] QString row_title(const MatrixRow& row);
[[nodiscard]] QString value_text(const MatrixRow& row, std::size_t run);

// How closely a metric follows a quantity, over the runs that have both. Of numbers: Spearman's rank correlation, with
// its sign. Of choices: the root of the share of the metric's variance, in ranks, that lies between them beyond
// chance (epsilon), without sign. 0 … 1; nothing where fewer than three runs have both, or all have the same, or each a
// choice of its own.
struct Importance {
  std::size_t row = 0;
  double strength = 0;
  int direction = 0;  // 1: rises with it, −1: falls, 0: no order
  std::size_t runs = 0;
};
[[nodiscard]] std::optional<Importance> importance_of(const MatrixRow& row, const MatrixRow& metric);
// Of every field that differs, the strongest first.
[[nodiscard]] std::vector<Importance> importances(const RunMatrix& matrix, std::size_t metric_row);

// Numbers as they are; choices by their place among the texts that occur, in alphabetical order. NaN: not known.
struct RowScale {
  std::vector<double> places;    // by run
  std::vector<QString> choices;  // empty: they are numbers
  bool is_logarithmic = false;   // all above 0 and more than two orders of magnitude apart
};
[[nodiscard]] RowScale scale_of(const MatrixRow& row);

}  // namespace athanor::app
