#include "core/recipe/recipe.h"
#include "core/recipe/text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace athanor::recipe {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string format_real(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::string out = fmt::format("{}", value);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

template <class Number>
std::optional<Number> read_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// Reads elements as they stand in a file, or bare words between commas: the cursor of parse_value for texts and lists.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() {
    rest_ = trimmed(rest_);
    return rest_.empty();
  }

  bool take(char expected) {
    if (at_end() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<std::string> quoted_text() {
    if (!take('"')) return std::nullopt;
    std::string out;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return out;
      if (c != '\\') {
        out += c;
      } else if (!escape(out)) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  std::string bare_word() {
    const auto comma = rest_.find(',');
    const std::string_view word = trimmed(rest_.substr(0, comma));
    rest_.remove_prefix(comma == std::string_view::npos ? rest_.size() : comma);
    return std::string(word);
  }

 private:
  bool escape(std::string& out) {
    if (rest_.empty()) return false;
    const char kind = rest_.front();
    rest_.remove_prefix(1);
    switch (kind) {
      case '"': out += '"'; return true;
      case '\\': out += '\\'; return true;
      case 'n': out += '\n'; return true;
      case 't': out += '\t'; return true;
      case 'r': out += '\r'; return true;
      case 'u': return control(out);
      default: return false;
    }
  }

  // quoted() writes only control characters this way, and they are single bytes in UTF-8.
  bool control(std::string& out) {
    if (rest_.size() < 4) return false;
    unsigned code = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + 4, code, 16);
    if (error != std::errc{} || end != rest_.data() + 4 || code >= 0x80) return false;
    out += static_cast<char>(code);
    rest_.remove_prefix(4);
    return true;
  }

  std::string_view rest_;
};

std::optional<std::vector<std::string>> read_list(std::string_view text) {
  Words words(text);
  std::vector<std::string> out;
  const bool bracketed = words.take('[');
  if (bracketed && words.take(']')) return words.at_end() ? std::optional(out) : std::nullopt;
  while (!words.at_end()) {
    if (auto word = words.quoted_text()) {
      out.push_back(std::move(*word));
    } else if (!bracketed) {
      out.push_back(words.bare_word());
      if (out.back().empty()) return std::nullopt;
    } else {
      return std::nullopt;
    }
    if (words.take(',')) {
      if (!bracketed && words.at_end()) return std::nullopt;
    } else if (!bracketed && !words.at_end()) {
      return std::nullopt;
    }
    if (bracketed && words.take(']')) return words.at_end() ? std::optional(out) : std::nullopt;
  }
  return bracketed ? std::nullopt : std::optional(out);
}

std::optional<Value> read(const Field& field, std::string_view text) {
  switch (field.type) {
    case FieldType::boolean:
      if (text == "true") return true;
      if (text == "false") return false;
      return std::nullopt;
    case FieldType::integer: return read_number<std::int64_t>(text);
    case FieldType::real: return read_number<double>(text);
    case FieldType::list: return read_list(text);
    case FieldType::text:
    case FieldType::choice: {
      if (!text.starts_with('"')) return std::string(text);
      Words words(text);
      auto value = words.quoted_text();
      if (!value || !words.at_end()) return std::nullopt;
      return std::move(*value);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      default: {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
          out += fmt::format("\\u{:04x}", byte);
        } else {
          out += c;
        }
      }
    }
  }
  return out + '"';
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xc2 && lead < 0xe0 ? 2
                               : lead >= 0xe0 && lead < 0xf0 ? 3
                               : lead >= 0xf0 && lead < 0xf5 ? 4
                                                             : 0;
    if (length == 0 || at + length > text.size()) return false;
    std::uint32_t code = length == 1 ? lead : lead & (0x7fU >> length);
    for (std::size_t next = 1; next < length; ++next) {
      const auto byte = static_cast<unsigned char>(text[at + next]);
      if ((byte & 0xc0U) != 0x80) return false;
      code = code << 6 | (byte & 0x3fU);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    if (overlong || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
    at += length;
  }
  return true;
}

const char* wanted(FieldType type) noexcept {
  switch (type) {
    case FieldType::boolean: return "true or false";
    case FieldType::integer: return "a whole number";
    case FieldType::real: return "a number";
    case FieldType::text:
    case FieldType::choice: return "text in quotes";
    case FieldType::list: return "a list of texts";
  }
  return "a value";
}

std::optional<std::vector<std::int64_t>> whole_numbers(std::string_view text) {
  std::vector<std::int64_t> out;
  Words words(text);
  do {
    const auto number = read_number<std::int64_t>(words.bare_word());
    if (!number) return std::nullopt;
    out.push_back(*number);
  } while (words.take(','));
  return out;
}

std::string format_value(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *whole);
  if (const auto* number = std::get_if<double>(&value)) return format_real(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return quoted(*text);
  std::string out;
  for (const std::string& word : std::get<std::vector<std::string>>(value))
    out += (out.empty() ? "" : ", ") + quoted(word);
  return "[" + out + "]";
}

Result<Value> parse_value(const Field& field, std::string_view text) {
  if (auto value = read(field, trimmed(text))) return std::move(*value);
  return fail(ErrorKind::invalid_input, fmt::format("read a value for {}", field.path),
              fmt::format("must be {}, not {}", wanted(field.type), quoted(trimmed(text).substr(0, 80))));
}

}  // namespace athanor::recipe
