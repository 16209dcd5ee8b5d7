#include "core/data/tokenizer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace athanor::data {
namespace {

using Json = nlohmann::ordered_json;

bool is_continuation_byte(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !is_continuation_byte(c); }));
}

Json special_token(int id, const char* content) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
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

void Tokenizer::append_word(std::string_view word, std::vector<std::int32_t>& ids) const {
  const std::size_t before = ids.size();
  bool known = characters(word) <= longest_word_;
  for (std::size_t begin = 0; known && begin < word.size();) {
    std::size_t end = word.size();
    for (; end > begin; --end) {
      if (end < word.size() && is_continuation_byte(word[end])) continue;
      std::string piece(begin == 0 ? std::string_view() : continuation_);
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
  ids.push_back(special_.unknown);
}

void Tokenizer::append_words(std::string_view text, std::size_t limit, std::vector<std::int32_t>& ids) const {
  for (const std::string& word : split_words(text, normalization_)) {
    if (ids.size() >= limit) return;
    append_word(word, ids);
  }
}

std::vector<std::int32_t> Tokenizer::pieces(std::string_view text, int max_tokens) const {
  const auto limit = static_cast<std::size_t>(std::max(0, max_tokens));
  std::vector<std::int32_t> ids;
  while (!text.empty() && ids.size() < limit) {
    // The first special token that is written out, the longest of several at one place.
    std::size_t place = text.size();
    const std::pair<std::string, std::int32_t>* found = nullptr;
    for (const auto& candidate : written_out_) {
      const std::size_t at = text.find(candidate.first);
      if (at > place || at == std::string_view::npos) continue;
      if (at == place && found != nullptr && candidate.first.size() <= found->first.size()) continue;
      place = at;
      found = &candidate;
    }
    append_words(text.substr(0, place), limit, ids);
    if (found != nullptr) ids.push_back(found->second);
    text.remove_prefix(place + (found != nullptr ? found->first.size() : 0));
  }
  if (ids.size() > limit) ids.resize(limit);
  return ids;
}

std::vector<std::int32_t> Tokenizer::framed(std::vector<std::int32_t> pieces, int max_tokens) const {
  const std::size_t frame = special_.framed() ? 2 : 0;
  const auto room = static_cast<std::size_t>(std::max(1, max_tokens));
  if (frame == 0 && pieces.empty()) pieces.push_back(special_.unknown);
  if (pieces.size() > std::max(room, frame) - frame) pieces.resize(std::max(room, frame) - frame);
  if (frame == 0) return pieces;
  pieces.insert(pieces.begin(), special_.begin);
  pieces.push_back(special_.end);
  return pieces;
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, int max_tokens) const {
  return framed(pieces(text, std::max(1, max_tokens)), max_tokens);
}

std::string Tokenizer::decode(const std::vector<std::int32_t>& ids) const {
  std::string text;
  for (const std::int32_t id : ids) {
    if (id == special_.pad || id == special_.begin || id == special_.end || id < 0 || id >= vocabulary_size()) continue;
    const std::string_view piece = vocabulary_[static_cast<std::size_t>(id)];
    if (piece.starts_with(continuation_)) {
      text += piece.substr(continuation_.size());
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
                     {"clean_text", normalization_.clean},
                     {"handle_chinese_chars", normalization_.split_ideographs},
                     {"strip_accents", normalization_.strip_accents},
                     {"lowercase", normalization_.lowercase}};
  Json normalizer = bert;
  if (normalization_.compatible) {
    normalizer = {{"type", "Sequence"}, {"normalizers", Json::array({Json{{"type", "NFKC"}}, bert})}};
  }
  const Json document = {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", Json::array({special_token(kPadToken, kPadText), special_token(kUnknownToken, kUnknownText)})},
      {"normalizer", normalizer},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"post_processor", nullptr},
      {"decoder", {{"type", "WordPiece"}, {"prefix", continuation_}, {"cleanup", true}}},
      {"model",
       {{"type", "WordPiece"},
        {"unk_token", kUnknownText},
        {"continuing_subword_prefix", continuation_},
        {"max_input_chars_per_word", longest_word_},
        {"vocab", vocabulary}}}};
  return document.dump(1) + "\n";
}

}  // namespace athanor::data
