#include "tests/gates/source_tree.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>

namespace athanor::gates {
namespace {

enum class Scope { outer, function, inner };

bool is_source(const std::filesystem::path& file) {
  const auto suffix = file.extension();
  return suffix == ".h" || suffix == ".cpp" || suffix == ".cu" || suffix == ".cuh";
}

// Position just behind the raw string that starts at `at` (which points at R").
std::size_t end_of_raw_string(std::string_view text, std::size_t at) {
  const auto open = text.find('(', at);
  if (open == std::string_view::npos) return text.size();
  const std::string close = ")" + std::string(text.substr(at + 2, open - at - 2)) + "\"";
  const auto end = text.find(close, open);
  return end == std::string_view::npos ? text.size() : end + close.size();
}

std::size_t end_of_literal(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size() && text[at] != quote && text[at] != '\n'; ++at)
    if (text[at] == '\\') ++at;
  return std::min(at + 1, text.size());
}

std::size_t end_of_directive(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] != '\n') at += (text[at] == '\\') ? 2U : 1U;
  return std::min(at, text.size());
}

bool is_digit_separator(std::string_view text, std::size_t at) {
  return at > 0 && std::isxdigit(static_cast<unsigned char>(text[at - 1])) != 0;
}

// Where the non-code that starts at `at` ends; `at` itself when code stands there.
std::size_t end_of_non_code(std::string_view text, std::size_t at, bool line_start) {
  const auto rest = text.substr(at);
  if (rest.starts_with("//")) return std::min(text.find('\n', at), text.size());
  if (rest.starts_with("/*")) {
    const auto end = text.find("*/", at + 2);
    return end == std::string_view::npos ? text.size() : end + 2;
  }
  if (rest.starts_with("R\"")) return end_of_raw_string(text, at);
  if (rest[0] == '"') return end_of_literal(text, at);
  if (rest[0] == '\'' && !is_digit_separator(text, at)) return end_of_literal(text, at);
  if (rest[0] == '#' && line_start) return end_of_directive(text, at);
  return at;
}

Scope scope_of(std::string_view head, Scope enclosing) {
  if (enclosing != Scope::outer) return Scope::inner;
  static const std::regex container(R"((^|[^\w])(namespace|class|struct|union|enum|extern)([^\w]|$))");
  const bool has_parameters = head.find('(') != std::string_view::npos;
  if (std::regex_search(head.begin(), head.end(), container) && !has_parameters) return Scope::outer;
  return has_parameters ? Scope::function : Scope::inner;
}

std::string shortened(std::string_view head) {
  std::string text = std::regex_replace(std::string(head), std::regex(R"(\s+)"), " ");
  if (text.size() > 80) text.resize(80);
  return text;
}

}  // namespace

std::vector<SourceFile> read_sources(const std::filesystem::path& root, const std::vector<std::string>& folders) {
  std::vector<SourceFile> files;
  for (const auto& folder : folders) {
    if (!std::filesystem::exists(root / folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file() || !is_source(entry.path())) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      files.push_back({std::filesystem::relative(entry.path(), root).generic_string(),
                       std::string(std::istreambuf_iterator<char>(in), {})});
    }
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

std::string blank_non_code(std::string_view text) {
  std::string code(text);
  bool line_start = true;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = end_of_non_code(text, at, line_start);
    if (end == at) {
      if (text[at] == '\n')
        line_start = true;
      else if (text[at] != ' ' && text[at] != '\t')
        line_start = false;
      ++at;
      continue;
    }
    for (; at < end; ++at)
      if (code[at] != '\n') code[at] = ' ';
  }
  return code;
}

std::vector<Include> includes(std::string_view text) {
  static const std::regex directive(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  std::vector<Include> found;
  int line = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    ++line;
    const auto end = std::min(text.find('\n', begin), text.size());
    std::cmatch match;
    if (std::regex_search(text.data() + begin, text.data() + end, match, directive))
      found.push_back({line, match[2].str(), match[1].str() == "\""});
    begin = end + 1;
  }
  return found;
}

std::vector<FunctionSpan> functions(std::string_view text) {
  const std::string code = blank_non_code(text);
  struct Open {
    Scope scope;
    int line;
    std::string head;
  };
  std::vector<Open> stack;
  std::vector<FunctionSpan> found;
  std::size_t head_begin = 0;
  int line = 1;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const char c = code[at];
    if (c == '\n') ++line;
    if (c == '{') {
      const std::string_view head(code.data() + head_begin, at - head_begin);
      stack.push_back({scope_of(head, stack.empty() ? Scope::outer : stack.back().scope), line, shortened(head)});
    } else if (c == '}' && !stack.empty()) {
      if (stack.back().scope == Scope::function)
        found.push_back({stack.back().line, line - stack.back().line + 1, stack.back().head});
      stack.pop_back();
    }
    if (c == '{' || c == '}' || c == ';') head_begin = at + 1;
  }
  return found;
}

int count_lines(std::string_view text) { return static_cast<int>(std::count(text.begin(), text.end(), '\n')); }

}  // namespace athanor::gates
