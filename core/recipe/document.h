// The schema as a page for people, a Markdown table per section, which experiments/README.md holds; and for programs.
#pragma once

#include <string>

namespace athanor::recipe {

[[nodiscard]] std::string to_markdown();
// {"sections": [{name, label, help}], "fields": [{path, label, type, unit, default, minimum, maximum, choices, help,
// advanced, optional}]}, where minimum and maximum are only those of numbers.
[[nodiscard]] std::string to_json();

}  // namespace athanor::recipe
