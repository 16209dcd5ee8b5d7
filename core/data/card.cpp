#include "core/data/card.h"

#include "core/base/digest.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace athanor::data {

using nlohmann::json;

std::string to_json(const DatasetCard& card) {
  json sources = json::array();
  for (const Source& source : card.sources) {
    sources.push_back({{"package", source.package},
                       {"version", source.version},
                       {"sha256", source.sha256},
                       {"licence", source.licence},
                       {"holder", source.holder},
                       {"use", source.use}});
  }
  const json document = {{"name", card.name},     {"title", card.title}, {"format", card.format},
                         {"sources", sources},    {"steps", card.steps}, {"languages", card.languages},
                         {"counts", card.counts}, {"notes", card.notes}, {"files", card.files},
                         {"digest", card.digest}};
  return document.dump(2) + "\n";
}

Result<DatasetCard> card_from_json(std::string_view text, std::string_view origin) {
  try {
    const json document = json::parse(text);
    DatasetCard card;
    document.at("name").get_to(card.name);
    document.at("title").get_to(card.title);
    document.at("format").get_to(card.format);
    for (const json& entry : document.at("sources")) {
      card.sources.push_back({entry.at("package"), entry.at("version"), entry.at("sha256"), entry.at("licence"),
                              entry.at("holder"), entry.at("use")});
    }
    document.at("steps").get_to(card.steps);
    document.at("languages").get_to(card.languages);
    document.at("counts").get_to(card.counts);
    document.at("notes").get_to(card.notes);
    document.at("files").get_to(card.files);
    document.at("digest").get_to(card.digest);
    return card;
  } catch (const json::exception& error) {
    return fail(ErrorKind::corrupt, fmt::format("read the data set card {}", origin), error.what(),
                "prepare the data set again");
  }
}

std::string digest_of_files(const DatasetCard& card) {
  Sha256 digest;
  for (const auto& [file, sha256] : card.files) digest.add(file + " " + sha256 + "\n");
  return digest.finish();
}

std::string to_markdown(const DatasetCard& card) {
  std::string text = fmt::format("# {}: {}\n\nDigest {}\n\n## Sources\n\n", card.name, card.title, card.digest);
  text += "| package | version | licence | holder | used for |\n|---|---|---|---|---|\n";
  for (const Source& source : card.sources) {
    text += fmt::format("| {} | {} | {} | {} | {} |\n", source.package, source.version, source.licence, source.holder,
                        source.use);
  }
  text +=
      "\nThe full licence texts are in `licences/`. Whether a model trained on these pictures inherits their licence "
      "is "
      "not settled; this card is what a row of provenance refers to.\n\n## How it was made\n\n";
  for (const std::string& step : card.steps) text += "- " + step + "\n";
  text += "\n## Counts\n\n| what | number |\n|---|---|\n";
  for (const auto& [what, number] : card.counts) text += fmt::format("| {} | {} |\n", what, number);
  text += fmt::format("\nLanguages: {}\n\n## Left out\n\n", fmt::join(card.languages, ", "));
  if (card.notes.empty()) text += "Nothing.\n";
  for (const std::string& note : card.notes) text += "- " + note + "\n";
  text += "\n## Files\n\n| file | SHA-256 |\n|---|---|\n";
  for (const auto& [file, sha256] : card.files) text += fmt::format("| {} | {} |\n", file, sha256);
  return text;
}

}  // namespace athanor::data
