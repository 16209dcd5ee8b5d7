#include "core/base/files.h"
#include "core/base/nearest.h"
#include "core/recipe/recipe.h"
#include "core/recipe/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <iterator>
#include <ranges>

namespace athanor::recipe {
namespace {

constexpr std::size_t kMostSyntaxFaults = 20;
constexpr std::size_t kLongestCompared = 100;

const char* kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a section";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a fraction";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

std::optional<Value> convert(const Field& field, const toml::node& node) {
  switch (field.type) {
    case FieldType::boolean:
      if (const auto* flag = node.as_boolean()) return flag->get();
      return std::nullopt;
    case FieldType::integer:
      if (const auto* whole = node.as_integer()) return whole->get();
      return std::nullopt;
    case FieldType::real:
      if (const auto* fraction = node.as_floating_point()) return fraction->get();
      if (const auto* whole = node.as_integer()) return static_cast<double>(whole->get());
      return std::nullopt;
    case FieldType::text:
    case FieldType::choice:
      if (const auto* text = node.as_string()) return text->get();
      return std::nullopt;
    case FieldType::list: {
      const auto* array = node.as_array();
      if (array == nullptr) return std::nullopt;
      std::vector<std::string> words;
      for (const toml::node& element : *array) {
        const auto* text = element.as_string();
        if (text == nullptr) return std::nullopt;
        words.push_back(text->get());
      }
      return words;
    }
  }
  return std::nullopt;
}

bool is_section(std::string_view name) {
  return std::ranges::any_of(sections(), [name](const Section& section) { return section.name == name; });
}

std::string unknown_section(std::string_view name) {
  const auto names = sections() | std::views::transform(&Section::name);
  const std::string_view nearest = nearest_of(names, name);
  if (edit_distance(name.substr(0, kLongestCompared), nearest) <= 1 + nearest.size() / 3)
    return fmt::format("unknown section; did you mean [{}]?", nearest);
  return fmt::format("unknown section; there are {}", fmt::join(names, ", "));
}

int line_of(const toml::source_region& region) { return static_cast<int>(region.begin.line); }

void read_section(const std::string& section, const toml::table& table, Parsed& out) {
  for (const auto& [key, node] : table) {
    const std::string path = section + "." + std::string(key.str());
    const int line = line_of(key.source());
    const Field* field = find_field(path);
    if (field == nullptr) {
      out.faults.push_back({line, path, unknown_key(path)});
    } else if (auto value = convert(*field, node)) {
      out.recipe.set(path, std::move(*value));
      out.recipe.set_line(path, line);
    } else {
      out.faults.push_back({line, path, fmt::format("must be {}, not {}", wanted(field->type), kind_of(node))});
      out.doubtful.insert(path);
    }
  }
}

void read_document(const toml::table& document, Parsed& out) {
  for (const auto& [key, node] : document) {
    const std::string name(key.str());
    const int line = line_of(key.source());
    const toml::table* section = node.as_table();
    if (is_section(name) && section != nullptr) {
      read_section(name, *section, out);
    } else if (is_section(name)) {
      out.faults.push_back({line, name, fmt::format("must be a section ([{}]), not {}", name, kind_of(node))});
    } else if (section != nullptr) {
      out.faults.push_back({line, name, unknown_section(name)});
    } else {
      out.faults.push_back({line, name, unknown_key(name)});
    }
  }
}

// The text as lines that can be blanked one by one, so that one syntax error does not hide what is wrong below it.
class Lines {
 public:
  explicit Lines(std::string_view text) {
    std::size_t begin = 0;
    while (begin <= text.size()) {
      const auto end = std::min(text.find('\n', begin), text.size());
      lines_.emplace_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  [[nodiscard]] std::string joined() const {
    std::string out;
    for (const std::string& line : lines_) {
      out += line;
      out += '\n';
    }
    return out;
  }

  // Blanks the line, and behind a broken section header all keys of that section; adds the fields that were named there
  // to `lost`. False when nothing was left to blank.
  bool blank(std::size_t line, std::set<std::string, std::less<>>& lost) {
    if (line == 0 || line > lines_.size()) return false;
    const std::string section = section_of(line - 1);
    const bool header = is_header(lines_[line - 1]);
    bool changed = lose(lines_[line - 1], section, lost);
    for (std::size_t next = line; header && next < lines_.size() && !is_header(lines_[next]); ++next) {
      changed |= lose(lines_[next], section, lost);
    }
    return changed;
  }

 private:
  static bool is_header(const std::string& line) {
    const auto first = line.find_first_not_of(" \t");
    return first != std::string::npos && line[first] == '[';
  }
  // "train" behind "[train]", also where the header itself is not well formed.
  [[nodiscard]] std::string section_of(std::size_t index) const {
    while (index > 0 && !is_header(lines_[index])) --index;
    if (!is_header(lines_[index])) return {};
    const auto begin = lines_[index].find_first_not_of(" \t[");
    if (begin == std::string::npos) return {};
    return lines_[index].substr(begin, lines_[index].find_first_of(" \t]=#", begin) - begin);
  }
  static bool lose(std::string& line, const std::string& section, std::set<std::string, std::less<>>& lost) {
    if (line.empty()) return false;
    const auto begin = line.find_first_not_of(" \t");
    const auto equals = line.find('=');
    if (begin != std::string::npos && equals != std::string::npos && begin < equals) {
      const std::string key = line.substr(begin, line.find_last_not_of(" \t", equals - 1) + 1 - begin);
      lost.insert(section.empty() ? key : section + "." + key);
    }
    line.clear();
    return true;
  }

  std::vector<std::string> lines_;
};

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return out;
}

toml::table read_syntax(std::string_view text, Parsed& out) {
  Lines lines(text);
  for (std::size_t attempt = 0; attempt < kMostSyntaxFaults; ++attempt) {
    try {
      return attempt == 0 ? toml::parse(text) : toml::parse(lines.joined());
    } catch (const toml::parse_error& error) {
      const std::size_t line = error.source().begin.line;
      out.faults.push_back({static_cast<int>(line), "", "syntax error: " + one_line(error.description())});
      if (!lines.blank(line, out.doubtful)) break;
    }
  }
  return {};
}

}  // namespace

Parsed parse(std::string_view text) {
  Parsed out;
  read_document(read_syntax(text, out), out);
  std::vector<Fault> judged = validate(out.recipe, out.doubtful);
  std::ranges::move(judged, std::back_inserter(out.faults));
  std::ranges::stable_sort(out.faults, {}, [](const Fault& fault) { return fault.line; });
  return out;
}

Result<Parsed> parse_file(const std::string& file) {
  const Result<std::string> text = read_file(file);
  if (text) return parse(*text);
  return fail(ErrorKind::invalid_input, fmt::format("read the recipe {}", file), text.error().cause,
              "name a recipe, for example one of the folder experiments");
}

}  // namespace athanor::recipe
