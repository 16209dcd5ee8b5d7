// Which known word was probably meant.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string_view>
#include <vector>

namespace athanor {

// Levenshtein's distance between two words.
[[nodiscard]] inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t column = 0; column <= b.size(); ++column) row[column] = column;
  for (std::size_t line = 1; line <= a.size(); ++line) {
    std::size_t diagonal = row[0];
    row[0] = line;
    for (std::size_t column = 1; column <= b.size(); ++column) {
      const std::size_t replace = diagonal + (a[line - 1] == b[column - 1] ? 0 : 1);
      diagonal = row[column];
      row[column] = std::min({row[column] + 1, row[column - 1] + 1, replace});
    }
  }
  return row[b.size()];
}

// The first of the most alike; empty when two thirds of the letters of each would have to change. Of very long words
// only the beginning is compared. The result lies in `words`.
template <class Words>
[[nodiscard]] std::string_view nearest_of(const Words& words, std::string_view unknown) {
  constexpr std::size_t kLongestCompared = 200;
  unknown = unknown.substr(0, kLongestCompared);
  std::string_view nearest;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const auto& word : words) {
    const std::size_t distance = edit_distance(unknown, std::string_view(word).substr(0, kLongestCompared));
    const std::size_t all = std::max(unknown.size(), std::string_view(word).size());
    if (distance >= least || 3 * distance >= 2 * all) continue;
    least = distance;
    nearest = word;
  }
  return nearest;
}

}  // namespace athanor
