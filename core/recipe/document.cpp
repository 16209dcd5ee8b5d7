#include "core/recipe/document.h"

#include "core/recipe/recipe.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace athanor::recipe {
namespace {

constexpr const char* kIntroduction = R"(# experiments: recipes that run as they are

| recipe | what it is for |
|---|---|
| `starter.toml` | the experiment to begin with: two groups of emoji, judged on a drawing style that is never trained on |
| `starter_japanese.toml` | the same pictures with Japanese names |
| `concepts_849.toml` | five groups, 849 concepts, a larger model: tens of minutes |
| `minilm_adapters.toml` | the starter pictures with a text encoder trained elsewhere, of which only adapters learn (`athanor-run prepare minilm` first) |
| `minilm_from_scratch.toml` | the same model and steps without the weights, to compare with |
| `starter_replicas.toml` | the starter on two replicas of the model that share each batch; with the bits of one process that takes the same micro-batches |
| `starter_sharded.toml` | the same on four replicas, of which each holds a quarter of the optimizer's state and of the gradients |
| `starter_tensor.toml` | the starter on two ranks that share the matrices of one model and the tokens between them |
| `starter_pipeline.toml` | the starter on a pipeline of two ranks with two stages each; with the bits of one process, too |
| `starter_cube.toml` | the starter in three dimensions: two replicas of two pipeline ranks of two tensor ranks, eight processes |
| `smoke.toml` | a few seconds: does everything work here? |

Run one with `athanor-run train experiments/starter.toml`, ask first what it costs with `athanor-run plan`, or open it in the window.
Not here: results, data, recipes that need something this repository cannot make. **Add one:** a file that names only what
differs from the defaults, a first comment that says what for and how long, a line in this table (`core/recipe/document.cpp`).

This page is written by `athanor-run show --fields > experiments/README.md`; a test compares the two.

## Every field of a recipe

)";

const char* to_string(FieldType type) {
  switch (type) {
    case FieldType::boolean: return "boolean";
    case FieldType::integer: return "integer";
    case FieldType::real: return "real";
    case FieldType::text: return "text";
    case FieldType::choice: return "choice";
    case FieldType::list: return "list";
  }
  return "text";
}

std::string bound(const Field& field, double value) {
  return field.type == FieldType::integer ? fmt::format("{}", static_cast<std::int64_t>(value))
                                          : fmt::format("{}", value);
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
  std::string out = kIntroduction;
  for (const Section& section : sections()) {
    out += fmt::format("### `[{}]` {}\n\n| field | default | allowed | meaning |\n|---|---|---|---|\n", section.name,
                       section.help);
    for (const Field& field : fields()) {
      if (!field.path.starts_with(section.name + ".")) continue;
      out += fmt::format("| `{}` | `{}` | {} | {} |\n", field.path, format_value(field.fallback), allowed(field),
                         field.help);
    }
    out += "\n";
  }
  out.pop_back();
  return out;
}

std::string to_json() {
  nlohmann::json all = {{"sections", nlohmann::json::array()}, {"fields", nlohmann::json::array()}};
  for (const Section& section : sections())
    all["sections"].push_back({{"name", section.name}, {"label", section.label}, {"help", section.help}});
  for (const Field& field : fields()) {
    nlohmann::json out = {{"path", field.path},         {"label", field.label},      {"type", to_string(field.type)},
                          {"unit", field.unit},         {"choices", field.choices},  {"help", field.help},
                          {"advanced", field.advanced}, {"optional", field.optional}};
    std::visit([&out](const auto& fallback) { out["default"] = fallback; }, field.fallback);
    if (field.type == FieldType::integer) {
      out["minimum"] = static_cast<std::int64_t>(field.minimum);
      out["maximum"] = static_cast<std::int64_t>(field.maximum);
    } else if (field.type == FieldType::real) {
      out["minimum"] = field.minimum;
      out["maximum"] = field.maximum;
    }
    all["fields"].push_back(std::move(out));
  }
  return all.dump();
}

}  // namespace athanor::recipe
