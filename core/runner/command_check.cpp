#include "core/base/command_line.h"
#include "core/runner/commands.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace athanor::runner {

int run_check(const CheckOptions& options, Console&) {
  if (options.recipe.file.empty()) {
    throw Failure(ErrorKind::invalid_input, "check", "no recipe is named", "Name one, or - for standard input");
  }
  (void)read_sound_recipe(options.recipe);
  const std::string name = shown_name(options.recipe);
  print_line(options.json ? nlohmann::json{{"recipe", name}, {"sound", true}}.dump(
                                -1, ' ', false, nlohmann::json::error_handler_t::replace)
                          : fmt::format("Nothing is wrong with {}", name));
  return 0;
}

}  // namespace athanor::runner
