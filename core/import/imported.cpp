#include "core/import/imported.h"

#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/import/numbers.h"
#include "core/recipe/text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace athanor::imports {
namespace {

constexpr std::size_t kDigits = 20;  // of a digest: more than any number of runs needs

struct InToml {
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
  std::string operator()(const std::string& text) const { return recipe::quoted(text); }
  std::string operator()(double number) const {
    if (std::isnan(number)) return "nan";
    if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
    std::string text = fmt::format("{}", number);
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
  }
};

}  // namespace

std::string folder_of(const std::string& format, const std::string& id) {
  return format + "-" + sha256_hex(format + "\n" + id).substr(0, kDigits);
}

std::string to_json(const Imported& imported) {
  const nlohmann::ordered_json json = {
      {"format", imported.format},       {"path", imported.path},       {"id", imported.id},
      {"digest", imported.digest},       {"name", imported.name},       {"created_ns", imported.created_ns},
      {"last_step", imported.last_step}, {"samples", imported.samples}, {"tags", imported.tags},
      {"note", imported.note},           {"origin", imported.origin},   {"lost", imported.lost},
      {"left_out", imported.left_out}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::optional<Imported> read_imported(const std::filesystem::path& folder) {
  const auto text = read_file(folder / kImportedFile);
  if (!text) return std::nullopt;
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  using Texts = std::vector<std::string>;
  try {
    return Imported{json.value("format", ""),
                    json.value("path", ""),
                    json.value("id", ""),
                    json.value("digest", ""),
                    json.value("name", ""),
                    json.value("created_ns", std::int64_t{0}),
                    json.value("last_step", std::int64_t{0}),
                    json.value("samples", std::int64_t{0}),
                    json.value("tags", Texts()),
                    json.value("note", ""),
                    json.value("origin", std::map<std::string, std::string>()),
                    json.value("lost", Texts()),
                    json.value("left_out", Texts())};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::string recipe_of(const std::map<std::string, Setting>& settings) {
  if (settings.empty()) return {};
  std::map<std::string, Setting> named;  // those that are the same once they are UTF-8 are one
  for (const auto& [name, value] : settings) named.emplace(repaired(name), value);
  std::string text = "[imported]\n";
  for (const auto& [name, value] : named)
    text += fmt::format("{} = {}\n", recipe::quoted(name), std::visit(InToml(), value));
  return text;
}

}  // namespace athanor::imports
