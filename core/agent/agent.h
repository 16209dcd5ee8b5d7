// The agent as a whole: one per home, until it is asked to quit.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <functional>

namespace athanor::agent {

struct Settings {
  std::filesystem::path home;
  std::filesystem::path run_program;  // athanor-run
};

// Serves until asked to quit, by a client or by SIGTERM or SIGINT, or until nobody has needed it for a while. `ready`
// is called once clients can connect. ErrorKind::unavailable when another agent serves this home.
Result<void> serve(const Settings& settings, const std::function<void()>& ready);

// Builds the history anew from the run directories, with the metadata of the old one where that can be read. Says how
// many runs it holds. ErrorKind::unavailable while an agent serves this home.
Result<int> rebuild(const Settings& settings);

}  // namespace athanor::agent
