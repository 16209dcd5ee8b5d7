#include "core/recipe/recipe.h"

#include <fmt/format.h>

namespace athanor::recipe {
namespace {

std::string_view name_in_section(const Field& field) {
  return std::string_view(field.path).substr(field.path.find('.') + 1);
}

bool belongs(const Field& field, const Section& section) { return field.path.starts_with(section.name + "."); }

}  // namespace

std::string to_toml(const Recipe& recipe, Detail detail) {
  std::string out;
  for (const Section& section : sections()) {
    std::string body;
    for (const Field& field : fields()) {
      if (!belongs(field, section)) continue;
      if (detail == Detail::changed_only && recipe.is_default(field.path)) continue;
      body += fmt::format("{} = {}\n", name_in_section(field), format_value(recipe.value(field.path)));
    }
    if (body.empty()) continue;
    out += fmt::format("{}[{}]\n{}", out.empty() ? "" : "\n", section.name, body);
  }
  return out;
}

}  // namespace athanor::recipe
