// The list of emoji with their official English names and groups, from Unicode's emoji-test.txt, and their names and
// keywords in other languages, from CLDR's annotation files.
#pragma once

#include "core/base/result.h"
#include "core/data/dataset.h"

#include <filesystem>
#include <string>
#include <vector>

namespace athanor::data {

struct Emoji {
  std::vector<std::uint32_t> code_points;  // fully qualified, with variation selectors
  Concept described;                       // id: the code points in hexadecimal, joined by '-'
};

// The id without variation selectors: what drawings of other makers are called.
[[nodiscard]] std::string bare_id(std::string id);

// Every fully qualified emoji without skin tones, in the order of the file, named in English.
[[nodiscard]] Result<std::vector<Emoji>> read_emoji_list(const std::filesystem::path& sources);

// Adds names and keywords of one language; returns how many emoji got a name. An English name from the list stays.
[[nodiscard]] Result<int> add_annotations(std::vector<Emoji>& emoji, const std::filesystem::path& sources,
                                          const std::string& language);

}  // namespace athanor::data
