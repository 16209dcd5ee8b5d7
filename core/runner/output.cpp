#include "core/runner/output.h"

#include <nlohmann/json.hpp>

#include <iostream>

namespace athanor::runner {

void print_line(std::string_view line) { std::cout << line << '\n' << std::flush; }

std::string error_json(const Error& error) {
  const nlohmann::json out = {{"error",
                               {{"kind", to_string(error.kind)},
                                {"intention", error.intention},
                                {"cause", error.cause},
                                {"remedy", error.remedy}}}};
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace athanor::runner
