// The schema as a page for people: a Markdown table per section. experiments/README.md holds its output.
#pragma once

#include <string>

namespace athanor::recipe {

[[nodiscard]] std::string to_markdown();

}  // namespace athanor::recipe
