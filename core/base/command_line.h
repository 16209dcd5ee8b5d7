// What every program says on standard output and of its arguments.
#pragma once

#include "kernels/base/error.h"

#include <span>
#include <string>
#include <string_view>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace athanor {

// One line, written at once. A reader that went away is not an error; a disk that is full is Failure(io), whose remedy
// begins with what is `done` all the same ("The run has finished").
void print_line(std::string_view line, std::string_view done = {});
// {"error": {"kind": …, "intention": …, "cause": …, "remedy": …}}
[[nodiscard]] std::string error_json(const Error& error);

// Help and version on standard output, or what could not be understood on stderr and, where one of the raw `words` asks
// for it (for the flags were not read), as JSON. The exit status; throws as print_line() does.
[[nodiscard]] int answer_arguments(const CLI::App& app, const CLI::ParseError& error, std::span<char*> words);

}  // namespace athanor
