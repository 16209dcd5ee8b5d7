// How a metric is called and its values are written, and how values of runs differ. Pure; GUI thread.
#pragma once

#include "core/store/setting_value.h"

#include <QString>

#include <string>

namespace athanor::app {

enum class Better { neither, lower, higher };

struct MetricLook {
  QString title;           // "Training loss"; of an unknown one its name
  QString unit;            // "samples/s"
  bool is_share = false;   // written in per cent
  bool is_robust = false;  // single spikes may leave the picture
  Better better = Better::neither;
};
[[nodiscard]] MetricLook look_of_metric(const std::string& name);
[[nodiscard]] QString metric_text(const MetricLook& look, double value);  // a dash for NaN

// "+1.2 %", "−0.031"; of shares in points: "+2.5 pt". Empty where one is not known.
[[nodiscard]] QString difference_text(const MetricLook& look, double value, double baseline);
// 1: better than the baseline, −1: worse, 0: the same, or nobody knows.
[[nodiscard]] int judged(const MetricLook& look, double value, double baseline);

// As people write them: "on", "0.001", "two-tower", "a, b".
[[nodiscard]] QString setting_text(const std::string& path, const store::SettingValue& value);
// "Learning rate"; of an unknown one its path.
[[nodiscard]] QString field_title(const std::string& path);

}  // namespace athanor::app
