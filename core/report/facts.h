// All that is known of a run but its samples, and those in pieces. Throws Failure.
#pragma once

#include "core/store/reader.h"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace athanor::report {

struct RunFacts {
  store::Run run;
  std::map<std::string, store::SettingValue> settings;  // by path, what the recipe sets
  std::map<std::string, store::MetricFacts> metrics;
  // Where it comes from, as its folder tells: "commit", "host"; and of an imported one "imported.path".
  std::vector<std::pair<std::string, std::string>> provenance;
};
[[nodiscard]] RunFacts facts_of(store::Reader& history, store::RunId run);

// Every sample of a metric, in its order. Failure(corrupt) where the history has lost some.
void each_sample(store::Reader& history, store::RunId run, const std::string& metric, const store::MetricFacts& facts,
                 const std::function<void(const store::Point&)>& take);

// As it is read back to the bit.
[[nodiscard]] std::string exact(double value);
[[nodiscard]] std::string exact(const store::SettingValue& value);
// "2026-11-30 20:24:01" in UTC; empty for 0.
[[nodiscard]] std::string time_text(std::int64_t ns);

}  // namespace athanor::report
