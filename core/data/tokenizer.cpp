#include "core/data/tokenizer.h"

#include "core/base/files.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace athanor::data {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kContinuation = "##";
constexpr std::size_t kLongestWord = 100;  // characters; longer words are unknown

bool is_continuation_byte(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !is_continuation_byte(c); }));
}

Json special_token(int id, const char* content) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

// The BertNormalizer, alone or inside a Sequence; null when there is none.
const Json* find_bert_normalizer(const Json& normalizer) {
  if (!normalizer.is_object()) return nullptr;
  const std::string type = normalizer.value("type", "");
  if (type == "BertNormalizer") return &normalizer;
  if (type != "Sequence") return nullptr;
  for (const Json& part : normalizer.at("normalizers")) {
    if (const Json* found = find_bert_normalizer(part)) return found;
  }
  return nullptr;
}

Normalization read_normalization(const Json& document) {
  const auto normalizer = document.find("normalizer");
  const Json* bert = normalizer != document.end() ? find_bert_normalizer(*normalizer) : nullptr;
  if (bert == nullptr) return {.strip_accents = false, .lowercase = false};
  Normalization result;
  result.lowercase = bert->value("lowercase", true);
  // In that layout null means "as lowercase".
  const Json strip = bert->value("strip_accents", Json());
  result.strip_accents = strip.is_boolean() ? strip.get<bool>() : result.lowercase;
  return result;
}

}  // namespace

Result<Tokenizer> Tokenizer::from_vocabulary(std::vector<std::string> vocabulary, Normalization normalization) {
  constexpr const char* kIntention = "use a vocabulary";
  if (vocabulary.size() < 2 || vocabulary[kPadToken] != kPadText || vocabulary[kUnknownToken] != kUnknownText) {
    return fail(ErrorKind::invalid_input, kIntention, "token 0 must be [PAD] and token 1 [UNK]");
  }
  Tokenizer tokenizer;
  tokenizer.normalization_ = normalization;
  for (std::size_t i = 0; i < vocabulary.size(); ++i) {
    if (!tokenizer.ids_.emplace(vocabulary[i], static_cast<std::int32_t>(i)).second) {
      return fail(ErrorKind::invalid_input, kIntention, fmt::format("\"{}\" stands in it twice", vocabulary[i]));
    }
  }
  tokenizer.vocabulary_ = std::move(vocabulary);
  return tokenizer;
}

Result<Tokenizer> Tokenizer::load(const std::filesystem::path& file) {
  const std::string intention = "read the tokenizer " + file.string();
  auto text = read_file(file);
  if (!text) return tl::unexpected(text.error());
  try {
    const Json document = Json::parse(*text);
    const Json& model = document.at("model");
    if (model.at("type") != "WordPiece") {
      return fail(ErrorKind::invalid_input, intention, "its model is not WordPiece", "convert it or choose another");
    }
    const Json& entries = model.at("vocab");
    std::vector<std::string> vocabulary(entries.size());
    for (const auto& [piece, id] : entries.items()) {
      const auto index = id.get<std::size_t>();
      if (index >= vocabulary.size() || !vocabulary[index].empty()) {
        return fail(ErrorKind::corrupt, intention, fmt::format("the id of \"{}\" is out of order", piece));
      }
      vocabulary[index] = piece;
    }
    auto tokenizer = from_vocabulary(std::move(vocabulary), read_normalization(document));
    if (!tokenizer) tokenizer.error().intention = intention;
    return tokenizer;
  } catch (const nlohmann::json::exception& error) {
    return fail(ErrorKind::corrupt, intention, error.what(), "prepare the data set again");
  }
}

void Tokenizer::encode_word(std::string_view word, std::vector<std::int32_t>& ids) const {
  const std::size_t before = ids.size();
  bool known = characters(word) <= kLongestWord;
  for (std::size_t begin = 0; known && begin < word.size();) {
    std::size_t end = word.size();
    for (; end > begin; --end) {
      if (end < word.size() && is_continuation_byte(word[end])) continue;
      std::string piece(begin == 0 ? std::string_view() : kContinuation);
      piece += word.substr(begin, end - begin);
      if (const auto found = ids_.find(piece); found != ids_.end()) {
        ids.push_back(found->second);
        break;
      }
    }
    known = end > begin;
    begin = end;
  }
  if (known) return;
  ids.resize(before);
  ids.push_back(kUnknownToken);
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, int max_tokens) const {
  const auto limit = static_cast<std::size_t>(std::max(1, max_tokens));
  std::vector<std::int32_t> ids;
  for (const std::string& word : split_words(text, normalization_)) {
    if (ids.size() >= limit) break;
    encode_word(word, ids);
  }
  if (ids.empty()) ids.push_back(kUnknownToken);
  if (ids.size() > limit) ids.resize(limit);
  return ids;
}

std::string Tokenizer::decode(const std::vector<std::int32_t>& ids) const {
  std::string text;
  for (const std::int32_t id : ids) {
    if (id == kPadToken || id < 0 || id >= vocabulary_size()) continue;
    const std::string_view piece = vocabulary_[static_cast<std::size_t>(id)];
    if (piece.starts_with(kContinuation)) {
      text += piece.substr(kContinuation.size());
    } else {
      if (!text.empty()) text += ' ';
      text += piece;
    }
  }
  return text;
}

std::string Tokenizer::to_json() const {
  Json vocabulary = Json::object();
  for (std::size_t i = 0; i < vocabulary_.size(); ++i) vocabulary[vocabulary_[i]] = i;
  const Json bert = {{"type", "BertNormalizer"},
                     {"clean_text", true},
                     {"handle_chinese_chars", true},
                     {"strip_accents", normalization_.strip_accents},
                     {"lowercase", normalization_.lowercase}};
  const Json normalizer = {{"type", "Sequence"}, {"normalizers", Json::array({Json{{"type", "NFKC"}}, bert})}};
  const Json document = {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", Json::array({special_token(kPadToken, kPadText), special_token(kUnknownToken, kUnknownText)})},
      {"normalizer", normalizer},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"post_processor", nullptr},
      {"decoder", {{"type", "WordPiece"}, {"prefix", kContinuation}, {"cleanup", true}}},
      {"model",
       {{"type", "WordPiece"},
        {"unk_token", kUnknownText},
        {"continuing_subword_prefix", kContinuation},
        {"max_input_chars_per_word", kLongestWord},
        {"vocab", vocabulary}}}};
  return document.dump(1) + "\n";
}

}  // namespace athanor::data
