#include "core/query/fault.h"

#include <algorithm>

namespace athanor::query {
namespace {

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kMost ? text + " …" : text;
}

// Of bytes as UTF-8, as many as a terminal shows of them.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

}  // namespace

std::string to_string(const Fault& fault) {
  std::string text = fault.sentence;
  if (!fault.candidates.empty()) text += ": " + listed(fault.candidates);
  if (!fault.expected.empty()) text += "; expected is " + fault.expected;
  if (!fault.nearest.empty()) text += "; perhaps " + fault.nearest + " is meant";
  return text;
}

std::string underlined(std::string_view text, const Fault& fault) {
  const std::size_t position = std::min(fault.position, text.size());
  const std::size_t begin = position == 0 ? 0 : text.rfind('\n', position - 1) + 1;  // npos + 1 is 0
  const std::string_view line = text.substr(begin, text.find('\n', position) - begin);
  const std::string_view marked = line.substr(position - begin, fault.length);
  std::string shown(line);
  std::ranges::replace(shown, '\t', ' ');
  return shown + '\n' + std::string(characters(line.substr(0, position - begin)), ' ') +
         std::string(std::max<std::size_t>(characters(marked), 1), '^');
}

Error to_error(std::string_view text, const Faults& faults) {
  std::string cause;
  for (const Fault& fault : faults)
    cause.append("\n").append(underlined(text, fault)).append("\n").append(to_string(fault));
  return {ErrorKind::invalid_input, "understand the query", cause, ""};
}

}  // namespace athanor::query
