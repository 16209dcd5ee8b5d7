#include "app/stores/figure_store.h"

namespace athanor::app {

template <class Column>
const Column& FigureStore::want(std::map<std::string, std::unique_ptr<Column>>& columns, std::set<std::string>& wanting,
                                const std::string& name) {
  auto& column = columns[name];
  if (!column) {
    column = std::make_unique<Column>();
    wanting.insert(name);
    Q_EMIT wanted();
  }
  return *column;
}

const FigureStore::Metric& FigureStore::metric(const std::string& name) {
  return want(metrics_, wanted_metrics_, name);
}

const FigureStore::Setting& FigureStore::setting(const std::string& path) {
  return want(settings_, wanted_settings_, path);
}

void FigureStore::set_metric_names(std::vector<std::string> names) {
  if (names == metric_names_) return;
  metric_names_ = std::move(names);
  Q_EMIT arrived();
}

void FigureStore::set_imported_settings(ImportedSettings settings) {
  if (settings == imported_settings_) return;
  imported_settings_ = std::move(settings);
  Q_EMIT arrived();
}

FigureStore::Wanted FigureStore::take_wanted() {
  Wanted all{{wanted_metrics_.begin(), wanted_metrics_.end()}, {wanted_settings_.begin(), wanted_settings_.end()}};
  wanted_metrics_.clear();
  wanted_settings_.clear();
  return all;
}

void FigureStore::set_metric(const std::string& name, std::vector<std::pair<store::RunId, store::MetricFacts>> values) {
  Metric& metric = *metrics_.at(name);
  metric.clear();
  metric.insert(values.begin(), values.end());
  Q_EMIT arrived();
}

void FigureStore::set_setting(const std::string& path,
                              std::vector<std::pair<store::RunId, store::SettingValue>> values) {
  Setting& setting = *settings_.at(path);
  setting.clear();
  setting.insert(std::make_move_iterator(values.begin()), std::make_move_iterator(values.end()));
  Q_EMIT arrived();
}

void FigureStore::age() {
  if (metrics_.empty() && settings_.empty()) return;
  for (const auto& [name, metric] : metrics_) wanted_metrics_.insert(name);
  for (const auto& [path, setting] : settings_) wanted_settings_.insert(path);
  Q_EMIT wanted();
}

}  // namespace athanor::app
