#include "core/data/prepare/emoji_list.h"

#include "core/base/files.h"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <algorithm>
#include <sstream>
#include <unordered_map>

namespace athanor::data {
namespace fs = std::filesystem;
namespace {

constexpr std::uint32_t kVariationSelector = 0xFE0F;
constexpr const char* kSameAsParent = "↑↑↑";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

void append_utf8(std::string& text, std::uint32_t c) {
  const auto byte = [&](std::uint32_t value) { text += static_cast<char>(value); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | c >> 6);
    byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | c >> 12);
    byte(0x80 | (c >> 6 & 0x3F));
    byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | c >> 18);
    byte(0x80 | (c >> 12 & 0x3F));
    byte(0x80 | (c >> 6 & 0x3F));
    byte(0x80 | (c & 0x3F));
  }
}

std::vector<std::uint32_t> parse_code_points(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::vector<std::uint32_t> result;
  for (std::uint32_t value = 0; words >> std::hex >> value;) result.push_back(value);
  return result;
}

bool has_skin_tone(const std::vector<std::uint32_t>& code_points) {
  return std::ranges::any_of(code_points, [](std::uint32_t c) { return c >= 0x1F3FB && c <= 0x1F3FF; });
}

// "1F431 ; fully-qualified # 🐱 E0.6 cat face" -> "cat face"
std::string_view name_in_comment(std::string_view comment) {
  comment = trimmed(comment);
  for (int field = 0; field < 2; ++field) {
    const auto space = comment.find(' ');
    if (space == std::string_view::npos) return {};
    comment = trimmed(comment.substr(space));
  }
  return comment;
}

// Emoji without variation selectors, as CLDR writes them.
std::string annotation_key(const Emoji& emoji) {
  std::string key;
  for (const std::uint32_t c : emoji.code_points) {
    if (c != kVariationSelector) append_utf8(key, c);
  }
  return key;
}

std::vector<std::string> split_keywords(std::string_view text) {
  std::vector<std::string> keywords;
  while (!text.empty()) {
    const auto bar = std::min(text.find('|'), text.size());
    if (const auto word = trimmed(text.substr(0, bar)); !word.empty()) keywords.emplace_back(word);
    text.remove_prefix(std::min(bar + 1, text.size()));
  }
  return keywords;
}

using Annotations = std::unordered_map<std::string, Wording>;

Result<void> read_annotations(const fs::path& file, Annotations& annotations) {
  auto bytes = read_file(file);
  if (!bytes) return tl::unexpected(bytes.error());
  pugi::xml_document document;
  const auto parsed = document.load_buffer(bytes->data(), bytes->size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed)
    return fail(ErrorKind::corrupt, "read " + file.string(), parsed.description(), "fetch the sources again");
  for (const pugi::xml_node& node : document.child("ldml").child("annotations").children("annotation")) {
    const std::string_view text = trimmed(node.text().get());
    if (text.empty() || text == kSameAsParent) continue;
    Wording& wording = annotations[node.attribute("cp").value()];
    if (std::string_view(node.attribute("type").value()) == "tts") {
      wording.name = text;
    } else {
      wording.keywords = split_keywords(text);
    }
  }
  return {};
}

}  // namespace

std::string bare_id(std::string id) {
  std::ranges::transform(id, id.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  std::string result;
  for (std::size_t begin = 0; begin <= id.size();) {
    const std::size_t end = std::min(id.find('-', begin), id.size());
    const std::string_view part = std::string_view(id).substr(begin, end - begin);
    if (part != "fe0f") {
      if (!result.empty()) result += '-';
      result += part;
    }
    begin = end + 1;
  }
  return result;
}

Result<std::vector<Emoji>> read_emoji_list(const fs::path& sources) {
  const fs::path file = sources / "usr/share/unicode/emoji/emoji-test.txt";
  auto text = read_file(file);
  if (!text) return tl::unexpected(text.error());
  std::vector<Emoji> result;
  std::istringstream lines(*text);
  std::string group;
  std::string subgroup;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# group:")) group = trimmed(std::string_view(line).substr(8));
    if (line.starts_with("# subgroup:")) subgroup = trimmed(std::string_view(line).substr(11));
    const auto semicolon = line.find(';');
    const auto hash = line.find('#', semicolon == std::string::npos ? line.size() : semicolon);
    if (hash == std::string::npos || line.starts_with('#')) continue;
    if (trimmed(std::string_view(line).substr(semicolon + 1, hash - semicolon - 1)) != "fully-qualified") continue;
    Emoji emoji{parse_code_points(std::string_view(line).substr(0, semicolon)), {}};
    if (has_skin_tone(emoji.code_points)) continue;
    std::vector<std::string> hexadecimal;
    for (const std::uint32_t c : emoji.code_points) hexadecimal.push_back(fmt::format("{:x}", c));
    emoji.described = {fmt::format("{}", fmt::join(hexadecimal, "-")), group, subgroup, {}};
    emoji.described.wording["en"].name = name_in_comment(std::string_view(line).substr(hash + 1));
    result.push_back(std::move(emoji));
  }
  if (result.empty()) {
    return fail(ErrorKind::corrupt, "read " + file.string(), "it lists no emoji", "fetch the sources again");
  }
  return result;
}

Result<int> add_annotations(std::vector<Emoji>& emoji, const fs::path& sources, const std::string& language) {
  Annotations annotations;
  for (const char* folder : {"annotations", "annotationsDerived"}) {
    const fs::path file = sources / "usr/share/unicode/cldr/common" / folder / (language + ".xml");
    if (auto read = read_annotations(file, annotations); !read) return tl::unexpected(read.error());
  }
  int named = 0;
  for (Emoji& one : emoji) {
    const auto found = annotations.find(annotation_key(one));
    if (found == annotations.end() || found->second.name.empty()) continue;
    Wording& wording = one.described.wording[language];
    if (wording.name.empty()) wording.name = found->second.name;
    wording.keywords = found->second.keywords;
    ++named;
  }
  return named;
}

}  // namespace athanor::data
