// Kills rank, agent and window at random moments, again and again, and holds the history against the journal.
#pragma once

#include "tests/core/agent/home.h"

#include <random>
#include <string>
#include <vector>

namespace athanor::agent {

struct TortureReport {
  int rank_kills = 0, agent_kills = 0, window_kills = 0, comparisons = 0;
  std::int64_t steps = 0;           // the history ends with
  std::vector<std::string> faults;  // empty: all is well
};

struct TortureSettings {
  int kills = 5;  // of each
  unsigned seed = 1;
  std::string recipe;
  std::string metric = "sequence";
  int longest_pause_ms = 150;  // between two blows
  bool acknowledges = true;    // the rank keeps a file `acknowledged`
  int replicas = 1;            // more: one of them is killed at a time, and the run goes on
  bool window = false;         // the home has a copy of athanor: it is shown offscreen and killed as well
};

[[nodiscard]] TortureReport torture(Home& home, const TortureSettings& settings);

}  // namespace athanor::agent
