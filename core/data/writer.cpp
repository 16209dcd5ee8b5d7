#include "core/data/writer.h"

#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/data/tokenizer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <set>
#include <signal.h>
#include <system_error>
#include <unistd.h>

namespace athanor::data {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
namespace {

// Languages in which marks above and below letters may be dropped without losing words.
bool is_latin(std::string_view language) {
  return language == "en" || language == "de" || language == "fr" || language == "es";
}

void check(const NewDataset& content) {
  for (const NewPicture& picture : content.pictures) {
    const Image& image = picture.image;
    const bool known =
        picture.concept_id >= 0 && static_cast<std::size_t>(picture.concept_id) < content.concepts.size();
    if (!known || image.width != kStoredPixels || image.height != kStoredPixels ||
        image.rgba.size() != std::size_t{kStoredPixels} * kStoredPixels * 4) {
      throw Failure(ErrorKind::internal, "write a data set", "picture of style " + picture.style + " does not fit");
    }
  }
}

void drop_empty_texts(NewDataset& content) {
  std::int64_t keywords = 0;
  std::int64_t names = 0;
  for (Concept& concept_ : content.concepts) {
    for (auto entry = concept_.wording.begin(); entry != concept_.wording.end();) {
      keywords += static_cast<std::int64_t>(
          std::erase_if(entry->second.keywords, [](const std::string& text) { return !has_letter_or_digit(text); }));
      const bool usable = has_letter_or_digit(entry->second.name);
      names += usable ? 0 : 1;
      entry = usable ? std::next(entry) : concept_.wording.erase(entry);
    }
  }
  content.card.counts["dropped.keywords_without_token"] = keywords;
  content.card.counts["dropped.names_without_token"] = names;
}

std::vector<std::string> languages_of(const NewDataset& content) {
  std::set<std::string> languages;
  for (const Concept& concept_ : content.concepts) {
    for (const auto& [language, wording] : concept_.wording) languages.insert(language);
  }
  return {languages.begin(), languages.end()};
}

class FolderWriter {
 public:
  FolderWriter(fs::path folder, DatasetCard& card) : folder_(std::move(folder)), card_(card) {}

  void add(const std::string& name, std::string_view bytes) {
    value_or_throw(write_file_flushed(folder_ / name, bytes));
    card_.files[name] = sha256_hex(bytes);
  }

 private:
  fs::path folder_;
  DatasetCard& card_;
};

void add_pictures(FolderWriter& writer, const NewDataset& content, DatasetCard& card) {
  std::string bytes;
  Json entries = Json::array();
  for (const NewPicture& picture : content.pictures) {
    const std::string png = encode_png(picture.image);
    const Concept& concept_ = content.concepts[static_cast<std::size_t>(picture.concept_id)];
    entries.push_back({{"id", picture.style + "/" + concept_.id},
                       {"concept", concept_.id},
                       {"style", picture.style},
                       {"offset", bytes.size()},
                       {"size", png.size()},
                       {"sha256", sha256_hex(png)}});
    bytes += png;
    ++card.counts["pictures"];
    ++card.counts["pictures." + picture.style];
  }
  writer.add("pictures.bin", bytes);
  // One picture a line: small differences stay readable.
  std::string index = fmt::format("{{\"format\": {}, \"pixels\": {}, \"pictures\": [", card.format, kStoredPixels);
  for (std::size_t i = 0; i < entries.size(); ++i) index += (i == 0 ? "\n" : ",\n") + entries[i].dump();
  writer.add("index.json", index + "\n]}\n");
}

void add_concepts(FolderWriter& writer, const NewDataset& content, DatasetCard& card) {
  std::string lines;
  for (const Concept& concept_ : content.concepts) {
    Json names = Json::object();
    Json keywords = Json::object();
    for (const auto& [language, wording] : concept_.wording) {
      names[language] = wording.name;
      keywords[language] = wording.keywords;
      ++card.counts["names." + language];
      card.counts["keywords." + language] += static_cast<std::int64_t>(wording.keywords.size());
    }
    const Json line = {{"id", concept_.id},
                       {"group", concept_.group},
                       {"subgroup", concept_.subgroup},
                       {"names", names},
                       {"keywords", keywords}};
    lines += line.dump() + "\n";
  }
  card.counts["concepts"] = static_cast<std::int64_t>(content.concepts.size());
  writer.add("concepts.jsonl", lines);
}

void add_tokenizers(FolderWriter& writer, const NewDataset& content, DatasetCard& card) {
  for (const std::string& language : card.languages) {
    std::vector<std::string> texts;
    for (const Concept& concept_ : content.concepts) {
      const Wording* wording = concept_.in(language);
      if (wording == nullptr) continue;
      texts.push_back(wording->name);
      texts.insert(texts.end(), wording->keywords.begin(), wording->keywords.end());
    }
    const Normalization normalization{.strip_accents = is_latin(language), .lowercase = true};
    const auto tokenizer = value_or_throw(
        Tokenizer::from_vocabulary(train_wordpiece(texts, content.vocabulary_size, normalization), normalization));
    card.counts["vocabulary." + language] = tokenizer.vocabulary_size();
    writer.add(language == "en" ? "tokenizer.json" : "tokenizer-" + language + ".json", tokenizer.to_json());
  }
}

DatasetCard write_into(const fs::path& folder, NewDataset& content) {
  check(content);
  DatasetCard& card = content.card;
  drop_empty_texts(content);
  card.languages = languages_of(content);
  FolderWriter writer(folder, card);
  add_pictures(writer, content, card);
  add_concepts(writer, content, card);
  add_tokenizers(writer, content, card);
  if (!content.licences.empty()) fs::create_directories(folder / "licences");
  for (const auto& [name, text] : content.licences) writer.add("licences/" + name, text);
  card.digest = digest_of_files(card);
  value_or_throw(write_file_flushed(folder / "card.md", to_markdown(card)));
  value_or_throw(write_file_flushed(folder / "card.json", to_json(card)));
  return card;
}

// Unfinished folders of processes that are gone.
void remove_leftovers(const fs::path& folder) {
  const std::string prefix = folder.filename().string() + ".new-";
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder.parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const int owner = std::atoi(name.c_str() + prefix.size());
    if (owner > 0 && ::kill(owner, 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

Result<DatasetCard> write_dataset(NewDataset content, const fs::path& folder) {
  remove_leftovers(folder);
  const fs::path fresh = folder.string() + ".new-" + std::to_string(::getpid());
  std::error_code ignored;
  try {
    value_or_throw(make_folders(fresh));
    DatasetCard card = write_into(fresh, content);
    value_or_throw(replace_folder(fresh, folder));
    return card;
  } catch (const Failure& failure) {
    fs::remove_all(fresh, ignored);
    return tl::unexpected(failure.error());
  } catch (const fs::filesystem_error& error) {
    fs::remove_all(fresh, ignored);
    return tl::unexpected(write_refusal("write the data set " + folder.string(), error.code().value()));
  }
}

}  // namespace athanor::data
