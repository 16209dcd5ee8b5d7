// A prepared data set on disk: pictures of named things, with texts in several languages.
//   card.json, card.md     sources, licences, counts, digests of the files below
//   index.json             per picture: id, concept, style, offset, size, SHA-256
//   pictures.bin           the PNG files one after another, 64 x 64 RGBA, straight alpha
//   concepts.jsonl         per concept: id, group, subgroup, names and keywords by language
//   tokenizer.json         WordPiece vocabulary of the English texts; tokenizer-<lang>.json for the others
//   licences/              the copyright files of the sources
// A Dataset is immutable after open() and may be read by many threads.
#pragma once

#include "core/base/result.h"
#include "core/data/card.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::data {

inline constexpr int kStoredPixels = 64;
// A data set with a larger share of corrupt pictures is refused.
inline constexpr double kCorruptShareLimit = 0.001;

// 8-bit RGBA, straight alpha, rows from top to bottom without padding.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgba;
};

struct Wording {
  std::string name;
  std::vector<std::string> keywords;
};

// A thing that is drawn and named.
struct Concept {
  std::string id;  // code points in hexadecimal: "1f431", "1f3f3-fe0f-200d-1f308"
  std::string group;
  std::string subgroup;
  std::map<std::string, Wording, std::less<>> wording;  // by language: "en", "de", …
  // Null when there is no name in this language.
  [[nodiscard]] const Wording* in(std::string_view language) const;
};

struct Picture {
  std::string id;               // "noto/1f431"
  std::string style;            // "noto"
  std::int32_t concept_id = 0;  // index into Dataset::concepts()
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  std::string sha256;
};

// Which part of a data set is meant. Empty lists mean everything.
struct Selection {
  std::vector<std::string> groups;
  std::vector<std::string> styles;
  std::string language = "en";
};

class Dataset {
 public:
  // Reads the folder and checks every digest. Missing: ErrorKind::invalid_input with the command that makes it.
  // Damaged beyond kCorruptShareLimit, or an index that does not match its digest: ErrorKind::corrupt, naming what.
  // A smaller number of damaged pictures is left out and reported by corrupt().
  [[nodiscard]] static Result<Dataset> open(const std::filesystem::path& folder);
  // The one called `name` below datasets_dir().
  [[nodiscard]] static Result<Dataset> open_named(std::string_view name);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const DatasetCard& card() const { return card_; }
  [[nodiscard]] const std::vector<Concept>& concepts() const { return concepts_; }
  [[nodiscard]] const std::vector<Picture>& pictures() const { return pictures_; }
  // Ids of the pictures that were left out because their bytes are damaged.
  [[nodiscard]] const std::vector<std::string>& corrupt() const { return corrupt_; }

  // In order of first appearance.
  [[nodiscard]] std::vector<std::string> groups() const;
  [[nodiscard]] std::vector<std::string> styles() const;

  // Indices into pictures(), ascending. Pictures without a name in the language are left out. Unknown groups, styles
  // and languages are ErrorKind::invalid_input and the message lists the known ones; so is a selection without
  // pictures.
  [[nodiscard]] Result<std::vector<std::size_t>> select(const Selection& selection) const;

  // ErrorKind::corrupt, naming the picture, when its bytes are no picture of the stored size.
  [[nodiscard]] Result<Image> decode(std::size_t picture) const;
  // The PNG file as it is stored.
  [[nodiscard]] std::string_view png(std::size_t picture) const;
  [[nodiscard]] std::filesystem::path tokenizer_file(std::string_view language) const;

 private:
  Dataset() = default;
  std::filesystem::path folder_;
  DatasetCard card_;
  std::vector<Concept> concepts_;
  std::vector<Picture> pictures_;
  std::vector<std::string> corrupt_;
  std::string bytes_;  // pictures.bin
};

// The cheap question the recipe's validator asks: is there a data set of this name? Reads no pictures.
[[nodiscard]] Result<DatasetCard> read_card(std::string_view name);

}  // namespace athanor::data
