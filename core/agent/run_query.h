// Runs that a query finds, in the order that another asks for. Reads the history itself: no agent takes part.
#pragma once

#include "core/base/result.h"
#include "core/store/reader.h"

#include <string>
#include <vector>

namespace athanor::agent {

struct RunQuery {
  std::string where;  // a condition (core/query); empty: all runs
  std::string sort;   // a value: least first, unknown last, "-loss" greatest first; empty: newest first
};

// With their recipes. Errors: invalid_input with the places in the texts; what reading the history may say.
[[nodiscard]] Result<std::vector<store::Run>> find_runs(store::Reader& history, const RunQuery& query);

}  // namespace athanor::agent
