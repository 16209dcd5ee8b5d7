// What a journal says in the end: the state, the last values, and the curves without what a recovery superseded.
#pragma once

#include "core/base/result.h"
#include "core/journal/event.h"
#include "core/journal/reader.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace athanor::runner {

struct Replay {
  journal::StateChanged state;
  std::map<std::string, std::map<std::int64_t, double>> metrics;  // name -> step -> value
  std::vector<journal::FaultSeen> faults;
  std::vector<journal::Recovery> recoveries;
  std::vector<journal::PredictionChecked> predictions;
  std::vector<journal::StragglerSeen> stragglers;
  std::vector<journal::WorkShifted> shifts;
  std::vector<journal::Damage> damage;
  std::int64_t whole_bytes = 0;  // what was read; behind it the torn tail, if there is one
  std::int64_t torn_tail_bytes = 0;
  std::int64_t events = 0;
};

// Reads the whole journal; `each`, when given, sees every event in order.
[[nodiscard]] Result<Replay> replay(const std::filesystem::path& journal,
                                    const std::function<void(const journal::Event&)>& each = {});

}  // namespace athanor::runner
