#include "core/data/dataset.h"

#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/base/paths.h"
#include "core/data/writer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <unordered_map>

namespace athanor::data {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr std::size_t kNamesInAMessage = 20;

std::string remedy_for(const fs::path& folder) {
  return fmt::format("run `athanor-run prepare {} --force`", folder.filename().string());
}

tl::unexpected<Error> missing(const fs::path& folder) {
  return fail(ErrorKind::invalid_input, "open the data set " + folder.filename().string(),
              "there is none at " + folder.string(),
              fmt::format("run `athanor-run prepare {}`", folder.filename().string()));
}

Result<DatasetCard> read_card_in(const fs::path& folder) {
  const fs::path file = folder / "card.json";
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return missing(folder);
  auto text = read_file(file);
  if (!text) return tl::unexpected(text.error());
  auto card = card_from_json(*text, file.string());
  if (!card) {
    card.error().remedy = remedy_for(folder);
  } else if (card->format != DatasetCard().format) {
    return fail(ErrorKind::invalid_input, "open the data set " + folder.string(),
                fmt::format("it has format {}, this program reads format {}", card->format, DatasetCard().format),
                remedy_for(folder));
  }
  return card;
}

// A small file whose every byte matters: it must match its digest.
std::string read_checked(const fs::path& folder, const DatasetCard& card, const std::string& name) {
  std::string bytes = value_or_throw(read_file(folder / name));
  const auto expected = card.files.find(name);
  if (expected == card.files.end() || sha256_hex(bytes) != expected->second) {
    throw Failure(ErrorKind::corrupt, "open the data set " + folder.string(), name + " does not match its digest",
                  remedy_for(folder));
  }
  return bytes;
}

std::vector<Concept> parse_concepts(const std::string& lines) {
  std::vector<Concept> concepts;
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    const json line = json::parse(lines.begin() + static_cast<std::ptrdiff_t>(begin),
                                  lines.begin() + static_cast<std::ptrdiff_t>(end));
    begin = end + 1;
    Concept concept_{line.at("id"), line.at("group"), line.at("subgroup"), {}};
    for (const auto& [language, name] : line.at("names").items()) concept_.wording[language].name = name;
    for (const auto& [language, words] : line.at("keywords").items()) words.get_to(concept_.wording[language].keywords);
    concepts.push_back(std::move(concept_));
  }
  return concepts;
}

std::vector<Picture> parse_index(const std::string& text, const std::vector<Concept>& concepts) {
  std::unordered_map<std::string, std::int32_t> by_id;
  for (const Concept& concept_ : concepts) by_id.emplace(concept_.id, static_cast<std::int32_t>(by_id.size()));
  std::vector<Picture> pictures;
  const json document = json::parse(text);
  for (const json& entry : document.at("pictures")) {
    pictures.push_back({entry.at("id"), entry.at("style"), by_id.at(entry.at("concept").get<std::string>()),
                        entry.at("offset"), entry.at("size"), entry.at("sha256")});
  }
  return pictures;
}

bool is_whole(const std::string& bytes, const Picture& picture) {
  if (picture.offset > bytes.size() || picture.size > bytes.size() - picture.offset) return false;
  return sha256_hex(std::string_view(bytes).substr(picture.offset, picture.size)) == picture.sha256;
}

std::string list_names(const std::vector<std::string>& names) {
  const std::size_t shown = std::min(names.size(), kNamesInAMessage);
  std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (shown < names.size()) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

std::vector<std::string> unknown_of(const std::vector<std::string>& wanted, const std::vector<std::string>& known) {
  std::vector<std::string> result;
  std::ranges::copy_if(wanted, std::back_inserter(result),
                       [&](const std::string& name) { return std::ranges::find(known, name) == known.end(); });
  return result;
}

bool contains_or_empty(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::ranges::find(names, name) != names.end();
}

void add_new(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

}  // namespace

const Wording* Concept::in(std::string_view language) const {
  const auto found = wording.find(language);
  return found != wording.end() ? &found->second : nullptr;
}

Result<Dataset> Dataset::open(const fs::path& folder) {
  auto card = read_card_in(folder);
  if (!card) return tl::unexpected(card.error());
  const std::string intention = "open the data set " + folder.string();
  Dataset dataset;
  dataset.folder_ = folder;
  dataset.card_ = std::move(*card);
  try {
    dataset.concepts_ = parse_concepts(read_checked(folder, dataset.card_, "concepts.jsonl"));
    std::vector<Picture> all = parse_index(read_checked(folder, dataset.card_, "index.json"), dataset.concepts_);
    for (const auto& [name, digest] : dataset.card_.files) {
      if (name.starts_with("tokenizer")) (void)read_checked(folder, dataset.card_, name);
    }
    dataset.bytes_ = value_or_throw(read_file(folder / "pictures.bin"));
    for (Picture& picture : all) {
      if (is_whole(dataset.bytes_, picture)) {
        dataset.pictures_.push_back(std::move(picture));
      } else {
        dataset.corrupt_.push_back(picture.id);
      }
    }
    const std::size_t corrupt = dataset.corrupt_.size();
    if (static_cast<double>(corrupt) > kCorruptShareLimit * static_cast<double>(all.size())) {
      return fail(ErrorKind::corrupt, intention,
                  fmt::format("{} of {} pictures are damaged: {}", corrupt, all.size(), list_names(dataset.corrupt_)),
                  remedy_for(folder));
    }
  } catch (const Failure& failure) {
    return tl::unexpected(failure.error());
  } catch (const std::exception& error) {
    return fail(ErrorKind::corrupt, intention, error.what(), remedy_for(folder));
  }
  return dataset;
}

Result<Dataset> Dataset::open_named(std::string_view name) {
  if (!is_safe_name(name)) {
    return fail(ErrorKind::invalid_input, fmt::format("open the data set \"{}\"", name),
                "this is no name of a data set");
  }
  return open(dataset_dir(name));
}

Result<DatasetCard> read_card(std::string_view name) {
  if (!is_safe_name(name)) {
    return fail(ErrorKind::invalid_input, fmt::format("open the data set \"{}\"", name),
                "this is no name of a data set");
  }
  return read_card_in(dataset_dir(name));
}

std::vector<std::string> Dataset::groups() const {
  std::vector<std::string> names;
  for (const Concept& concept_ : concepts_) add_new(names, concept_.group);
  return names;
}

std::vector<std::string> Dataset::styles() const {
  std::vector<std::string> names;
  for (const Picture& picture : pictures_) add_new(names, picture.style);
  return names;
}

Result<std::vector<std::size_t>> Dataset::select(const Selection& selection) const {
  const std::string intention = "choose pictures of the data set " + card_.name;
  const auto refuse = [&](const char* what, const std::vector<std::string>& unknown,
                          const std::vector<std::string>& known) {
    return fail(ErrorKind::invalid_input, intention,
                fmt::format("it has no {} \"{}\"", what, fmt::join(unknown, "\", \"")),
                fmt::format("choose among: {}", fmt::join(known, ", ")));
  };
  if (const auto unknown = unknown_of(selection.groups, groups()); !unknown.empty())
    return refuse("group", unknown, groups());
  if (const auto unknown = unknown_of(selection.styles, styles()); !unknown.empty())
    return refuse("style", unknown, styles());
  if (const auto unknown = unknown_of({selection.language}, card_.languages); !unknown.empty()) {
    return refuse("language", unknown, card_.languages);
  }
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < pictures_.size(); ++i) {
    const Concept& concept_ = concepts_[static_cast<std::size_t>(pictures_[i].concept_id)];
    if (contains_or_empty(selection.styles, pictures_[i].style) &&
        contains_or_empty(selection.groups, concept_.group) && concept_.in(selection.language) != nullptr) {
      result.push_back(i);
    }
  }
  if (result.empty()) {
    return fail(ErrorKind::invalid_input, intention, "no picture has the chosen group, style and language together",
                "choose more groups or styles");
  }
  return result;
}

std::string_view Dataset::png(std::size_t picture) const {
  const Picture& entry = pictures_.at(picture);
  return std::string_view(bytes_).substr(entry.offset, entry.size);
}

Result<Image> Dataset::decode(std::size_t picture) const {
  auto image = decode_png(png(picture));
  if (image && (image->width != kStoredPixels || image->height != kStoredPixels)) {
    image = fail(ErrorKind::corrupt, "", fmt::format("it is {} x {} pixels", image->width, image->height));
  }
  if (!image) {
    image.error().intention =
        fmt::format("decode the picture {} of the data set {}", pictures_[picture].id, card_.name);
    image.error().remedy = remedy_for(folder_);
  }
  return image;
}

fs::path Dataset::tokenizer_file(std::string_view language) const {
  return folder_ / (language == "en" ? "tokenizer.json" : fmt::format("tokenizer-{}.json", language));
}

}  // namespace athanor::data
