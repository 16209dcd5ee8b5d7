// The agent as a whole: one per home, until it is asked to quit.
#pragma once

#include "core/agent/policy.h"
#include "core/base/result.h"

#include <filesystem>
#include <functional>

namespace athanor::agent {

struct Settings {
  std::filesystem::path home;
  std::filesystem::path run_program;  // athanor-run
  Policy policy = {};
};

// Serves until asked to quit, by a client or by SIGTERM or SIGINT, or until nobody has needed it for a while. `ready`
// is called once clients can connect. ErrorKind::unavailable when another agent serves this home.
Result<void> serve(const Settings& settings, const std::function<void()>& ready);

}  // namespace athanor::agent
