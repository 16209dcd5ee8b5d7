#include "core/base/command_line.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <sstream>
#include <system_error>
#include <unistd.h>

namespace athanor {
namespace {

// CLI11 calls a command that it does not know an argument.
std::string cause_of(const CLI::App& app, const CLI::ParseError& error, std::span<char*> words) {
  const bool has_command = !app.get_subcommands().empty();
  if (has_command || words.size() < 2 || words[1][0] == '-') return error.what();
  return "there is no command " + std::string(words[1]);
}

}  // namespace

void print_line(std::string_view line, std::string_view done) {
  std::string rest(line);
  rest += '\n';
  for (std::size_t at = 0; at < rest.size();) {
    const ssize_t count = ::write(STDOUT_FILENO, rest.data() + at, rest.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EPIPE) return;
    if (count < 0) {
      throw Failure(ErrorKind::io, "write the result to standard output", std::generic_category().message(errno),
                    std::string(done) + (done.empty() ? "" : "; ") + "send the result to a place that has room");
    }
    at += static_cast<std::size_t>(count);
  }
}

std::string error_json(const Error& error) {
  const nlohmann::json out = {{"error",
                               {{"kind", to_string(error.kind)},
                                {"intention", error.intention},
                                {"cause", error.cause},
                                {"remedy", error.remedy}}}};
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

int answer_arguments(const CLI::App& app, const CLI::ParseError& error, std::span<char*> words) {
  if (error.get_exit_code() == 0) {
    std::ostringstream out;
    app.exit(error, out, out);
    std::string text = out.str();
    while (text.ends_with('\n')) text.pop_back();
    print_line(text);
    return 0;
  }
  const Error said{ErrorKind::invalid_input, "understand the command", cause_of(app, error, words),
                   "see what there is: " + app.get_name() + " --help"};
  std::cerr << said.message() << '\n';
  const bool json = std::ranges::any_of(words, [](const char* word) { return std::string_view(word) == "--json"; });
  if (json) print_line(error_json(said));
  return exit_status(said.kind);
}

}  // namespace athanor
