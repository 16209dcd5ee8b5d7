// Metrics and recipe fields of all runs, a column each, as far as somebody asked for them: what queries and columns of
// tables read. GUI thread only.
#pragma once

#include "core/store/setting_value.h"
#include "core/store/types.h"

#include <QObject>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace athanor::app {

class FigureStore final : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;
  using Metric = std::unordered_map<store::RunId, store::MetricFacts>;
  using Setting = std::unordered_map<store::RunId, store::SettingValue>;

  // Empty until they were read; the place stays the same. Asking for them lets them be read.
  [[nodiscard]] const Metric& metric(const std::string& name);
  [[nodiscard]] const Setting& setting(const std::string& path);

  // Every metric that any run has.
  [[nodiscard]] const std::vector<std::string>& metric_names() const { return metric_names_; }
  void set_metric_names(std::vector<std::string> names);
  // What imported runs were set up with; see store::Reader.
  using ImportedSettings = std::vector<std::pair<std::string, bool>>;
  [[nodiscard]] const ImportedSettings& imported_settings() const { return imported_settings_; }
  void set_imported_settings(ImportedSettings settings);

  // What was asked for and is not read, or not any more; whoever takes it reads it.
  struct Wanted {
    std::vector<std::string> metrics, settings;
  };
  [[nodiscard]] Wanted take_wanted();
  void set_metric(const std::string& name, std::vector<std::pair<store::RunId, store::MetricFacts>> values);
  void set_setting(const std::string& path, std::vector<std::pair<store::RunId, store::SettingValue>> values);
  // Runs have changed: everything is wanted again.
  void age();

 Q_SIGNALS:
  void wanted();
  void arrived();

 private:
  template <class Column>
  const Column& want(std::map<std::string, std::unique_ptr<Column>>& columns, std::set<std::string>& wanting,
                     const std::string& name);

  std::map<std::string, std::unique_ptr<Metric>> metrics_;
  std::map<std::string, std::unique_ptr<Setting>> settings_;
  std::set<std::string> wanted_metrics_, wanted_settings_;
  std::vector<std::string> metric_names_;
  ImportedSettings imported_settings_;
};

}  // namespace athanor::app
