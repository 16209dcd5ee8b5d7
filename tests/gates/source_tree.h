// The project's own sources as text, for the architecture gates.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::gates {

struct SourceFile {
  std::string path;  // relative to the repository root, with forward slashes
  std::string text;
};

// Every .h, .cpp, .cu and .cuh file under the given top-level folders, sorted by path.
[[nodiscard]] std::vector<SourceFile> read_sources(const std::filesystem::path& root,
                                                   const std::vector<std::string>& folders);

// The same text with comments, string and character literals and preprocessor lines blanked; line breaks stay.
[[nodiscard]] std::string blank_non_code(std::string_view text);

struct Include {
  int line = 0;
  std::string target;  // between the quotes or angle brackets
  bool quoted = false;
};
[[nodiscard]] std::vector<Include> includes(std::string_view text);

struct FunctionSpan {
  int first_line = 0;  // of the opening brace
  int lines = 0;       // opening to closing brace
  std::string head;    // what stands before the opening brace, shortened
};
// Function bodies at namespace or class level; lambdas count into the function that holds them.
[[nodiscard]] std::vector<FunctionSpan> functions(std::string_view text);

[[nodiscard]] int count_lines(std::string_view text);

}  // namespace athanor::gates
