// Results on standard output.
#pragma once

#include "kernels/base/error.h"

#include <string>
#include <string_view>

namespace athanor::runner {

// One line, written at once. A reader that went away is not an error; a disk that is full is Failure(io).
void print_line(std::string_view line);
// {"error": {"kind": …, "intention": …, "cause": …, "remedy": …}}
[[nodiscard]] std::string error_json(const Error& error);

}  // namespace athanor::runner
