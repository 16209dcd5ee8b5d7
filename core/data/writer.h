// Writes a data set folder that Dataset::open reads: what preparation, imports and tests share. Everything goes into a
// folder beside the target, is flushed and takes the target's name at the end.
#pragma once

#include "core/base/result.h"
#include "core/data/card.h"
#include "core/data/dataset.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace athanor::data {

struct NewPicture {
  std::string style;
  std::int32_t concept_id = 0;  // index into NewDataset::concepts
  Image image;                  // kStoredPixels square
};

struct NewDataset {
  DatasetCard card;  // name, title, sources, steps, notes; the writer fills languages, counts, files and digest
  std::vector<Concept> concepts;
  std::vector<NewPicture> pictures;
  std::map<std::string, std::string> licences;  // file name -> text, kept in licences/
  std::size_t vocabulary_size = 4096;           // at most, per language
};

// Checks the parts against each other (ErrorKind::internal), learns one vocabulary per language, drops keywords without
// a letter or digit (counted in the card) and concepts' names of that kind (they have then no wording in that
// language).
[[nodiscard]] Result<DatasetCard> write_dataset(NewDataset content, const std::filesystem::path& folder);

// Straight alpha RGBA to a PNG file and back. The bytes depend only on the pixels.
[[nodiscard]] std::string encode_png(const Image& image);
[[nodiscard]] Result<Image> decode_png(std::string_view bytes);

// Pads to a square with transparency and scales to `side`, weighting colour by opacity so that edges keep their colour.
[[nodiscard]] Image fit_square(const Image& image, int side);

}  // namespace athanor::data
