#include "core/recipe/document.h"

#include "core/recipe/recipe.h"

#include <fmt/format.h>

namespace athanor::recipe {
namespace {

std::string bound(const Field& field, double value) {
  return field.type == FieldType::integer ? fmt::format("{}", static_cast<std::int64_t>(value)) : fmt::format("{}", value);
}

std::string allowed(const Field& field) {
  if (!field.choices.empty()) {
    std::string out;
    for (const std::string& choice : field.choices) out += (out.empty() ? "" : ", ") + choice;
    return out;
  }
  if (field.type == FieldType::integer || field.type == FieldType::real) {
    const std::string range = field.minimum == field.maximum
                                  ? bound(field, field.minimum)
                                  : fmt::format("{} … {}", bound(field, field.minimum), bound(field, field.maximum));
    return field.unit.empty() ? range : range + " " + field.unit;
  }
  return field.type == FieldType::boolean ? "true, false" : "text";
}

}  // namespace

std::string to_markdown() {
  std::string out;
  for (const Section& section : sections()) {
    out += fmt::format("### `[{}]` {}\n\n| field | default | allowed | meaning |\n|---|---|---|---|\n", section.name,
                       section.help);
    for (const Field& field : fields()) {
      if (!field.path.starts_with(section.name + ".")) continue;
      out += fmt::format("| `{}` | `{}` | {} | {} |\n", field.path, format_value(field.fallback), allowed(field), field.help);
    }
    out += "\n";
  }
  return out;
}

}  // namespace athanor::recipe
