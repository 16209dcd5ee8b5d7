// Other programs of this installation, called for one answer.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <string>
#include <vector>

namespace athanor::agent {

struct Answer {
  int status = 0;   // exit status
  std::string out;  // standard output
};
enum class Stderr { kept, dropped };

// Runs the program of this name beside this one to its end, with `input` on standard input. Errors: io, also when
// its end cannot be learnt, or unavailable when there is no such program or a signal ended it.
[[nodiscard]] Result<Answer> ask_sibling(const std::string& name, const std::vector<std::string>& words,
                                         const std::filesystem::path& home, Stderr errors,
                                         const std::string& input = {});

// Starts the athanor-agent beside this program for this home and waits until it can be reached. Errors carry what it
// said.
Result<void> start_agent(const std::filesystem::path& home);

}  // namespace athanor::agent
