// WordPiece: text to numbers. Reads the tokenizer.json layout of the Hugging Face tokenizers library (BertNormalizer
// with or without NFKC before it, BertPreTokenizer, WordPiece model, a frame of [CLS] and [SEP] or none) and BERT's
// vocab.txt, and gives the same ids, with one promise more: never an empty row. Immutable after load; safe on any
// thread.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace athanor::data {

// Of the vocabularies that are learnt here; a foreign one may have others (SpecialTokens).
inline constexpr std::int32_t kPadToken = 0;
inline constexpr std::int32_t kUnknownToken = 1;
inline constexpr const char* kPadText = "[PAD]";
inline constexpr const char* kUnknownText = "[UNK]";

// How text is cleaned before it is split.
struct Normalization {
  bool strip_accents = true;  // right for Latin script; in Japanese or Arabic it would remove letters' meaning
  bool lowercase = true;
  bool compatible = true;  // NFKC first: a ligature becomes its letters. BERT's own tokenizers do not.
  bool clean = true;       // control characters are dropped, every white space is a blank
  bool split_ideographs = true;
  [[nodiscard]] bool operator==(const Normalization&) const = default;
};

struct SpecialTokens {
  std::int32_t pad = kPadToken;
  std::int32_t unknown = kUnknownToken;
  std::int32_t begin = -1;  // [CLS] before and [SEP] after every text; both or neither
  std::int32_t end = -1;
  [[nodiscard]] bool framed() const { return begin >= 0; }
};

// Cleaned, folded and split into words and single punctuation marks. Invalid UTF-8 becomes U+FFFD and is dropped.
[[nodiscard]] std::vector<std::string> split_words(std::string_view text, const Normalization& normalization);
// True when the text holds at least one letter or digit: the least that a caption needs to mean something.
[[nodiscard]] bool has_letter_or_digit(std::string_view text);

class Tokenizer {
 public:
  // A tokenizer.json, a vocab.txt, or a folder that holds one of them (the first is preferred; of a vocab.txt the
  // tokenizer_config.json beside it is asked how text is cleaned). What the file asks for and is not known here is an
  // invalid_input that names it, never ignored.
  [[nodiscard]] static Result<Tokenizer> load(const std::filesystem::path& file_or_folder);
  // `vocabulary[i]` is the text of token i; [PAD] must be 0 and [UNK] 1.
  [[nodiscard]] static Result<Tokenizer> from_vocabulary(std::vector<std::string> vocabulary,
                                                         Normalization normalization);

  // At least 1 and at most max(1, max_tokens) ids, none of them [PAD]; at least 2 where texts are framed, and there
  // the special tokens may be written out in the text. Any bytes are accepted.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text, int max_tokens) const;
  // The same without a frame, and possibly nothing at all.
  [[nodiscard]] std::vector<std::int32_t> pieces(std::string_view text, int max_tokens) const;
  // Cut to what fits, and put into the frame.
  [[nodiscard]] std::vector<std::int32_t> framed(std::vector<std::int32_t> pieces, int max_tokens) const;
  // Words joined again, for showing what a model reads.
  [[nodiscard]] std::string decode(const std::vector<std::int32_t>& ids) const;
  [[nodiscard]] std::int32_t vocabulary_size() const { return static_cast<std::int32_t>(vocabulary_.size()); }
  [[nodiscard]] const std::vector<std::string>& vocabulary() const { return vocabulary_; }
  [[nodiscard]] const Normalization& normalization() const { return normalization_; }
  [[nodiscard]] const SpecialTokens& special() const { return special_; }

  // The tokenizer.json text; load() of it gives an equal tokenizer. Only of tokenizers without a frame.
  [[nodiscard]] std::string to_json() const;

 private:
  friend class TokenizerReader;
  Tokenizer() = default;
  void append_word(std::string_view word, std::vector<std::int32_t>& ids) const;
  void append_words(std::string_view text, std::size_t limit, std::vector<std::int32_t>& ids) const;

  std::vector<std::string> vocabulary_;
  std::unordered_map<std::string, std::int32_t> ids_;
  Normalization normalization_;
  SpecialTokens special_;
  std::vector<std::pair<std::string, std::int32_t>> written_out_;  // found in raw text before anything else
  std::string continuation_ = "##";
  std::size_t longest_word_ = 100;  // characters; longer words are unknown
};

// Learns a vocabulary of at most `size` pieces from texts: every character seen, then the most frequent adjacent pairs,
// joined one after another (Schuster and Nakajima 2012, in the form of Sennrich et al. 2016); ties go to the pair that
// sorts first, so the result depends only on the texts. Stops early when no pair occurs twice.
[[nodiscard]] std::vector<std::string> train_wordpiece(const std::vector<std::string>& texts, std::size_t size,
                                                       const Normalization& normalization);

}  // namespace athanor::data
