// What was thrown, as an Error: one place for programs and runs, so that nothing escapes without intention and cause.
#pragma once

#include "kernels/base/error.h"

#include <exception>
#include <string>

namespace athanor::runner {

// A Failure keeps its own words. Memory that ran out, a refusing file system and everything else that derives from
// std::exception get `intention` and the exception's text as the cause.
[[nodiscard]] Error error_of(const std::exception_ptr& thrown, const std::string& intention);

}  // namespace athanor::runner
