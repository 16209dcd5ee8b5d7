// Starting an agent from another program.
#pragma once

#include "core/base/result.h"

#include <filesystem>

namespace athanor::agent {

// Runs the athanor-agent beside this program for the home and waits until it can be reached. Another one that got there
// first is as good. Errors carry what it said.
Result<void> start_agent(const std::filesystem::path& home);

}  // namespace athanor::agent
