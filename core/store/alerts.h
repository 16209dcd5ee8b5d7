// Alert rules and what is known of them, as rows: what a rule says is a text to the store (core/alerts). Times are
// wall-clock nanoseconds since the Unix epoch.
#pragma once

#include "core/store/types.h"

#include <cstdint>
#include <optional>
#include <string>

namespace athanor::store {

// Holds for points from `added_ns` on and before `removed_ns`, so that a history built again tells the same.
struct AlertRule {
  std::int64_t id = 0;
  std::optional<RunId> run;  // nothing: of all runs
  std::string rule;
  std::int64_t added_ns = 0;
  std::optional<std::int64_t> removed_ns;
};

// Of one run.
struct AlertState {
  std::string state;  // of its watch, after the points that the history holds; empty: none
  std::string due;    // what an alert asked for and was not done yet; empty: nothing
};

}  // namespace athanor::store
