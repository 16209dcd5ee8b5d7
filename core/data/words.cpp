// Cleaning and splitting as the BertNormalizer and BertPreTokenizer of the Hugging Face tokenizers library do it.
#include "core/data/tokenizer.h"
#include "kernels/base/error.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

namespace athanor::data {
namespace {

bool is_ideograph(UChar32 c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B820 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

bool is_space(UChar32 c) { return c == '\t' || c == '\n' || c == '\r' || u_isUWhiteSpace(c) != 0; }

bool is_dropped(UChar32 c) {
  if (c == 0 || c == 0xFFFD) return true;
  if (c == '\t' || c == '\n' || c == '\r') return false;
  // Unassigned code points stay: what is unassigned here may be a letter in a newer version of Unicode.
  return (U_MASK(u_charType(c)) & (U_GC_C_MASK & ~U_GC_CN_MASK)) != 0;
}

bool is_punctuation(UChar32 c) {
  if ((c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126)) return true;
  return (U_MASK(u_charType(c)) & U_GC_P_MASK) != 0;
}

icu::UnicodeString normalized(const icu::UnicodeString& text, const icu::Normalizer2* (*form)(UErrorCode&)) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = form(status);
  icu::UnicodeString result;
  if (U_SUCCESS(status) != 0) normalizer->normalize(text, result, status);
  if (U_FAILURE(status) != 0) throw Failure(ErrorKind::internal, "normalise a text", u_errorName(status));
  return result;
}

template <class Visit>
void each_code_point(const icu::UnicodeString& text, Visit visit) {
  for (int32_t i = 0; i < text.length();) {
    const UChar32 c = text.char32At(i);
    i += U16_LENGTH(c);
    visit(c);
  }
}

icu::UnicodeString cleaned(std::string_view text) {
  const auto raw = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  icu::UnicodeString result;
  each_code_point(normalized(raw, &icu::Normalizer2::getNFKCInstance), [&](UChar32 c) {
    if (is_dropped(c)) return;
    if (is_space(c)) {
      result.append(u' ');
    } else if (is_ideograph(c)) {
      result.append(u' ').append(c).append(u' ');
    } else {
      result.append(c);
    }
  });
  return result;
}

icu::UnicodeString folded(icu::UnicodeString text, const Normalization& normalization) {
  if (normalization.strip_accents) {
    icu::UnicodeString kept;
    each_code_point(normalized(text, &icu::Normalizer2::getNFDInstance), [&](UChar32 c) {
      if (u_charType(c) != U_NON_SPACING_MARK) kept.append(c);
    });
    text = kept;
  }
  if (!normalization.lowercase) return text;
  icu::UnicodeString lower;
  each_code_point(text, [&](UChar32 c) {
    if (c == 0x130) {
      lower.append(u'i').append(UChar32{0x307});  // the only letter whose lower case is two code points
    } else {
      lower.append(u_tolower(c));
    }
  });
  return lower;
}

}  // namespace

std::vector<std::string> split_words(std::string_view text, const Normalization& normalization) {
  std::vector<std::string> words;
  icu::UnicodeString word;
  const auto finish = [&] {
    if (!word.isEmpty()) word.toUTF8String(words.emplace_back());
    word.remove();
  };
  each_code_point(folded(cleaned(text), normalization), [&](UChar32 c) {
    if (is_space(c)) {
      finish();
    } else if (is_punctuation(c)) {
      finish();
      word.append(c);
      finish();
    } else {
      word.append(c);
    }
  });
  finish();
  return words;
}

bool has_letter_or_digit(std::string_view text) {
  bool found = false;
  each_code_point(cleaned(text), [&](UChar32 c) { found = found || u_isalnum(c) != 0; });
  return found;
}

}  // namespace athanor::data
