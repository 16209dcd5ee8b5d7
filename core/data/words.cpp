// Cleaning and splitting as the BertNormalizer and BertPreTokenizer of the Hugging Face tokenizers library do it.
#include "core/data/tokenizer.h"
#include "kernels/base/error.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/uniset.h>
#include <unicode/unistr.h>

namespace athanor::data {
namespace {

// The ranges of that library; its fourth extension begins 256 letters late.
bool is_ideograph(UChar32 c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

// Its categories are those of Unicode 8: what came later is unassigned there, and a few have moved since.
constexpr std::uint8_t kNewestCategories = 8;

std::uint32_t category(UChar32 c) {
  if (c == 0x166D || c == 0x111C9) return U_GC_PO_MASK;
  if (c == 0x1734) return U_GC_MN_MASK;
  if (c == 0x1885 || c == 0x1886 || c == 0xA9BD) return U_GC_LO_MASK;
  UVersionInfo age;
  u_charAge(c, age);
  return age[0] > kNewestCategories ? U_GC_CN_MASK : U_MASK(u_charType(c));
}

bool is_space(UChar32 c) { return c == '\t' || c == '\n' || c == '\r' || u_isUWhiteSpace(c) != 0; }

bool is_dropped(UChar32 c) {
  if (c == 0 || c == 0xFFFD) return true;
  if (c == '\t' || c == '\n' || c == '\r') return false;
  // Unassigned code points stay: what is unassigned here may be a letter in a newer version of Unicode.
  return (category(c) & (U_GC_C_MASK & ~U_GC_CN_MASK)) != 0;
}

bool is_punctuation(UChar32 c) {
  if ((c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126)) return true;
  return (category(c) & U_GC_P_MASK) != 0;
}

// Lower case is that of Unicode 17; the letters that the ICU of this platform does not know stand here.
UChar32 lower_case(UChar32 c) {
  struct Run {
    UChar32 first, last, lower;
  };
  static constexpr Run kLater[] = {{0x1C89, 0x1C89, 0x1C8A},   {0xA7CB, 0xA7CB, 0x264},  {0xA7CC, 0xA7CC, 0xA7CD},
                                   {0xA7CE, 0xA7CE, 0xA7CF},   {0xA7D2, 0xA7D2, 0xA7D3}, {0xA7D4, 0xA7D4, 0xA7D5},
                                   {0xA7DA, 0xA7DA, 0xA7DB},   {0xA7DC, 0xA7DC, 0x19B},  {0x10D50, 0x10D65, 0x10D70},
                                   {0x16EA0, 0x16EB8, 0x16EBB}};
  for (const Run& run : kLater) {
    if (c >= run.first && c <= run.last) return run.lower + (c - run.first);
  }
  return u_tolower(c);
}

void check(UErrorCode status) {
  if (U_FAILURE(status) != 0) throw Failure(ErrorKind::internal, "normalise a text", u_errorName(status));
}

icu::UnicodeString normalized(const icu::UnicodeString& text, const icu::Normalizer2& normalizer) {
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString result;
  normalizer.normalize(text, result, status);
  check(status);
  return result;
}

const icu::Normalizer2& composed_form() {
  static const icu::Normalizer2* const form = [] {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* found = icu::Normalizer2::getNFKCInstance(status);
    check(status);
    return found;
  }();
  return *form;
}

// NFD that leaves letters newer than that library's tables as they are.
const icu::Normalizer2& decomposed_form() {
  static const icu::FilteredNormalizer2* const form = [] {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* found = icu::Normalizer2::getNFDInstance(status);
    check(status);
    auto* known = new icu::UnicodeSet(u"[:age=9.0:]", status);
    check(status);
    known->freeze();
    return new icu::FilteredNormalizer2(*found, *known);  // both live as long as the program
  }();
  return *form;
}

template <class Visit>
void each_code_point(const icu::UnicodeString& text, Visit visit) {
  for (int32_t i = 0; i < text.length();) {
    const UChar32 c = text.char32At(i);
    i += U16_LENGTH(c);
    visit(c);
  }
}

icu::UnicodeString cleaned(std::string_view text, const Normalization& normalization) {
  auto raw = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  if (normalization.compatible) raw = normalized(raw, composed_form());
  icu::UnicodeString result;
  each_code_point(raw, [&](UChar32 c) {
    if (normalization.clean && is_dropped(c)) return;
    if (normalization.clean && is_space(c)) {
      result.append(u' ');
    } else if (normalization.split_ideographs && is_ideograph(c)) {
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
    each_code_point(normalized(text, decomposed_form()), [&](UChar32 c) {
      if ((category(c) & U_GC_MN_MASK) == 0) kept.append(c);
    });
    text = kept;
  }
  if (!normalization.lowercase) return text;
  icu::UnicodeString lower;
  each_code_point(text, [&](UChar32 c) {
    if (c == 0x130) {
      lower.append(u'i').append(UChar32{0x307});  // the only letter whose lower case is two code points
    } else {
      lower.append(lower_case(c));
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
  each_code_point(folded(cleaned(text, normalization), normalization), [&](UChar32 c) {
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
  each_code_point(cleaned(text, {}), [&](UChar32 c) { found = found || u_isalnum(c) != 0; });
  return found;
}

}  // namespace athanor::data
