// Fills a home with a believable history through the real store writer: many short runs, and one long one with
// pictures, answers, devices, events and a log. Deterministic for a seed.
#pragma once

#include "core/store/types.h"

#include <filesystem>

namespace athanor::app {

struct Filling {
  int runs = 12;     // besides the rich one
  bool rich = true;  // one run with everything, the newest
  bool rich_is_live = true;
  int rich_steps = 400;
};

// The id of the rich run, or of the newest; 0 when nothing was written. Throws Failure.
store::RunId fill_history(const std::filesystem::path& home, const Filling& filling);

// A run forked from another at a step, which failed before a step of its own.
store::RunId add_failed_fork(const std::filesystem::path& home, store::RunId parent, std::int64_t step);

}  // namespace athanor::app
