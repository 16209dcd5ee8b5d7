// What a data set is made of and where it came from. Stored as card.json (for programs) and card.md (for people).
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::data {

// One package the data was taken from.
struct Source {
  std::string package;
  std::string version;
  std::string sha256;   // of the package file; empty when it is not known
  std::string licence;  // SPDX-like, of the part that was used
  std::string holder;   // whose work it is
  std::string use;      // "drawings of the style noto"
  [[nodiscard]] bool operator==(const Source&) const = default;
};

struct DatasetCard {
  std::string name;
  std::string title;
  int format = 1;
  std::vector<Source> sources;
  std::vector<std::string> steps;  // how it was made, one sentence each
  std::vector<std::string> languages;
  std::map<std::string, std::int64_t> counts;  // "concepts", "pictures", "pictures.noto", "dropped.…", …
  std::vector<std::string> notes;              // what was left out and why, by name
  std::map<std::string, std::string> files;    // file name -> SHA-256
  std::string digest;                          // SHA-256 over `files`: the identity that provenance records

  [[nodiscard]] bool operator==(const DatasetCard&) const = default;
};

[[nodiscard]] std::string to_json(const DatasetCard& card);
// `origin` is named in errors.
[[nodiscard]] Result<DatasetCard> card_from_json(std::string_view json, std::string_view origin);
// One page for a reader.
[[nodiscard]] std::string to_markdown(const DatasetCard& card);
// The digest over card.files.
[[nodiscard]] std::string digest_of_files(const DatasetCard& card);

}  // namespace athanor::data
