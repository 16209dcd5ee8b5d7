#include "core/query/names.h"

#include "core/base/nearest.h"

#include <algorithm>
#include <array>

namespace athanor::query {
namespace {

constexpr std::size_t kLevels = 4;  // of likeness

bool ends_with_parts(std::string_view whole, std::string_view name, std::string_view separators) {
  return whole.size() > name.size() && whole.ends_with(name) &&
         separators.find(whole[whole.size() - name.size() - 1]) != std::string_view::npos;
}

// "lr" of "learning_rate"; of a single word there are no initials.
bool has_initials(std::string_view part, std::string_view initials) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < part.size(); ++at) {
    if (at > 0 && part[at - 1] != '_') continue;
    if (count >= initials.size() || part[at] != initials[count]) return false;
    ++count;
  }
  return count >= 2 && count == initials.size();
}

// 0 is the whole name; kLevels: not at all.
std::size_t likeness(std::string_view whole, std::string_view name) {
  if (whole == name) return 0;
  if (ends_with_parts(whole, name, "/.")) return 1;
  const std::string_view part = last_part(whole);
  if (ends_with_parts(part, name, "_")) return 2;
  return has_initials(part, name) ? 3 : kLevels;
}

}  // namespace

std::string_view last_part(std::string_view name) noexcept {
  const std::size_t separator = name.find_last_of("/.");
  return separator == std::string_view::npos ? name : name.substr(separator + 1);
}

std::vector<std::size_t> find_columns(std::span<const Column> columns, std::string_view name, bool metrics_only) {
  std::array<std::vector<std::size_t>, kLevels> found;
  if (name.empty()) return {};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (metrics_only && columns[i].origin != Origin::metric) continue;
    const std::size_t level = likeness(columns[i].name, name);
    if (level < kLevels) found[level].push_back(i);
  }
  for (auto& level : found)
    if (!level.empty()) return std::move(level);
  return {};
}

std::string nearest_column(std::span<const Column> columns, std::string_view name, bool metrics_only) {
  std::vector<std::string_view> words;
  std::vector<std::size_t> owners;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (metrics_only && columns[i].origin != Origin::metric) continue;
    const std::string_view whole = columns[i].name;
    words.push_back(whole);
    owners.push_back(i);
    if (last_part(whole) == whole) continue;
    words.push_back(last_part(whole));
    owners.push_back(i);
  }
  const std::string_view nearest = nearest_of(words, name);
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i].data() == nearest.data() && words[i].size() == nearest.size()) return columns[owners[i]].name;
  return {};
}

}  // namespace athanor::query
