// Regular expressions: the same as ICU's finds, faults at their places, and time linear in the text.
#include "core/query/pattern.h"

#include "tests/core/query/random_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unicode/regex.h>

namespace athanor::query {
namespace {

bool found(std::string_view pattern, std::string_view text) {
  const auto compiled = Pattern::regular(pattern);
  EXPECT_TRUE(compiled) << pattern << ": " << (compiled ? "" : compiled.error().reason);
  return compiled && compiled->found_in(text);
}
std::string fault(std::string_view pattern) {
  const auto compiled = Pattern::regular(pattern);
  if (compiled) return "";
  const PatternFault& wrong = compiled.error();
  return std::string(pattern.substr(wrong.position, wrong.length)) + ": " + wrong.reason;
}

TEST(Pattern, KnowsCharactersSetsAndRepetitions) {
  EXPECT_TRUE(found("abl.*", "x abl-1"));
  EXPECT_TRUE(found("ABL", "x abl-1"));
  EXPECT_FALSE(found("^abl", "x abl-1"));
  EXPECT_TRUE(found("1$", "x abl-1"));
  EXPECT_TRUE(found("^(a|bc){2,3}$", "abca"));
  EXPECT_FALSE(found("^(a|bc){2,3}$", "abcabc"));
  EXPECT_TRUE(found("^[^a-c]+$", "xyz"));
  EXPECT_FALSE(found("^[^a-c]+$", "xBz"));
  EXPECT_TRUE(found("^[]x-]+$", "x]-"));
  EXPECT_TRUE(found("\\bmap\\b", "a map."));
  EXPECT_FALSE(found("\\bmap\\b", "maps"));
  EXPECT_TRUE(found("map\\B", "maps"));
  EXPECT_TRUE(found("^\\d{3}\\s\\w+\\S\\D\\W$", "123 abc!!!"));
  EXPECT_TRUE(found("a??b*?c+?", "c"));
  EXPECT_TRUE(found("\\x41\\x{1F600}\\u00e4\\t", "a😀Ä\t"));
  EXPECT_TRUE(found("", ""));
  EXPECT_TRUE(found("a||b", ""));
  EXPECT_FALSE(found("a.b", "a\nb"));
  EXPECT_TRUE(found("\\.\\*\\\\", ".*\\"));
}

TEST(Pattern, KnowsAllAlphabets) {
  EXPECT_TRUE(found("größe", "DIE GRÖßE"));
  EXPECT_TRUE(found("σίσυφος", "ΣΊΣΥΦΟΣ"));
  EXPECT_TRUE(found("^\\w+$", "größe日本"));
  EXPECT_TRUE(found("^\\p{Han}+$", "日本"));
  EXPECT_FALSE(found("\\P{L}", "日本"));
  EXPECT_TRUE(found("^.$", "😀"));
  EXPECT_TRUE(found("[а-я]", "Ж"));
}

TEST(Pattern, FindsWordsAsTheyAre) {
  EXPECT_TRUE(Pattern::word("a.b").found_in("xA.By"));
  EXPECT_FALSE(Pattern::word("a.b").found_in("axb"));
  EXPECT_TRUE(Pattern::word("").found_in(""));
  EXPECT_TRUE(Pattern::word("aab").found_in("aaab"));
}

TEST(Pattern, TellsWhatIsWrongAndWhere) {
  EXPECT_EQ(fault("a(b"), "(: this bracket is never closed");
  EXPECT_EQ(fault("ab)c"), "): this bracket closes nothing");
  EXPECT_EQ(fault("x[ab"), "[: this bracket is never closed");
  EXPECT_EQ(fault("a|*"), "*: there is nothing before it that could be repeated");
  EXPECT_EQ(fault("a\\"), "\\: nothing follows on the backslash");
  EXPECT_EQ(fault("(a)\\1"), "\\1: references to groups are not supported");
  EXPECT_EQ(fault("a(?=b)"), "(?=: look-around is not supported");
  EXPECT_EQ(fault("a(?<!b)"), "(?<: look-around is not supported");
  EXPECT_EQ(fault("\\p{Nonsense}"), "\\p{Nonsense}: there is no such property of characters");
  EXPECT_EQ(fault("[z-a]"), "z-a: a range goes from a character to a later one");
  EXPECT_EQ(fault("a{2,1}"), "{2,1}: such a number of repetitions is not possible: at most 1000, the lesser one first");
  EXPECT_EQ(fault("a{b}"), "{: after a brace stand one or two numbers, {3}, {3,} or {3,5}; \\{ is the brace itself");
  EXPECT_EQ(fault("a++"), "++: a repetition that never gives back is not supported");
  EXPECT_EQ(fault("\\k"), "\\k: this letter means nothing after a backslash");
  EXPECT_EQ(fault("\\x4"), "\\x4: a character's number is written \\x41, \\x{1F600} or \\u00E4");
  EXPECT_THAT(fault(std::string(200, '(')), testing::HasSubstr("nested too deep"));
  EXPECT_THAT(fault("(a{1000}){1000}"), testing::HasSubstr("too large"));
  EXPECT_THAT(fault("((((){1000}){1000}){1000}){1000}"), testing::HasSubstr("too large"));
  EXPECT_THAT(fault(std::string(2000, 'a')), testing::HasSubstr("at most 1000 bytes"));
}

// Each would keep a matcher that tries one way after the other busy for longer than the universe is old.
TEST(Pattern, IsNotSlowedByWhatMakesOthersTryAllWays) {
  const std::string long_text(20'000, 'a');
  EXPECT_FALSE(found("(a+)+$b", long_text));
  EXPECT_FALSE(found("^(a|a)*$c", long_text));
  EXPECT_FALSE(found("(a*)*(a*)*(a*)*b", long_text));
  EXPECT_FALSE(found("(.*)*x(.*)*y(.*)*z", long_text));
  std::string bits;
  Draw draw(6);
  for (int i = 0; i < 20'000; ++i) bits += draw.one_in(2) ? 'a' : 'b';
  EXPECT_FALSE(found("(a|b)*a(a|b){200}c", bits)) << "with more deterministic states than can be kept";
}

// Random patterns of what both understand alike.
std::string random_pattern(Draw& draw, int depth) {
  static const std::vector<std::string> atoms = {"a",      "b",   "A",   "ä",    ".",      "[ab]", "[^b]",
                                                 "[a-c_]", "\\w", "\\d", "\\s",  "1",      "-",    "\\b",
                                                 "^",      "$",   "\\B", "(?:)", "[^\\w]", "\\W"};
  std::string text;
  for (std::size_t n = 1 + draw.below(3); n > 0; --n) {
    std::string one = depth > 0 && draw.one_in(3) ? '(' + random_pattern(draw, depth - 1) + ')' : draw.of(atoms);
    const bool place = one == "^" || one == "$" || one == "\\b" || one == "\\B";
    if (!place && draw.one_in(3)) one += draw.of<std::string>({"*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "+?"});
    text += one;
  }
  return draw.one_in(4) ? text + '|' + draw.of(atoms) : text;
}

TEST(Pattern, FindsInRandomTextsWhatIcuFinds) {
  Draw draw(7);
  const std::vector<std::string> letters = {"a", "b", "A", "B", "ä", "Ä", "c", "1", "-", "_", " ", "é", "日"};
  int hits = 0;
  for (int i = 0; i < 4'000; ++i) {
    const std::string pattern = random_pattern(draw, 3);
    const auto ours = Pattern::regular(pattern);
    ASSERT_TRUE(ours) << pattern << ": " << ours.error().reason;
    UErrorCode status = U_ZERO_ERROR;
    icu::RegexMatcher theirs(icu::UnicodeString::fromUTF8(pattern), UREGEX_CASE_INSENSITIVE, status);
    ASSERT_TRUE(U_SUCCESS(status)) << pattern;
    theirs.setTimeLimit(3, status);
    for (int j = 0; j < 10; ++j) {
      std::string text;
      for (std::size_t n = draw.below(9); n > 0; --n) text += draw.of(letters);
      const icu::UnicodeString wide = icu::UnicodeString::fromUTF8(text);
      theirs.reset(wide);
      status = U_ZERO_ERROR;
      const bool expected = theirs.find(status) != 0;
      if (U_FAILURE(status) != 0) break;  // it would have to try too many ways
      ASSERT_EQ(ours->found_in(text), expected) << pattern << " in \"" << text << '"';
      hits += expected ? 1 : 0;
    }
  }
  EXPECT_GT(hits, 4'000);
  EXPECT_LT(hits, 36'000);
}

TEST(Pattern, TakesAnyBytesForTextAndForPatterns) {
  Draw draw(8);
  const std::vector<std::string> pieces = {"(", ")",  "[",    "]",    "{", "}",    "*",    "+",  "?",
                                           "|", "\\", "^",    "$",    ".", "-",    ",",    "a",  "1",
                                           "p", "x",  "\xff", "\xc3", "ä", "\\p{", "\\x{", "[^", "(?:"};
  for (int i = 0; i < 30'000; ++i) {
    std::string pattern, text;
    for (std::size_t n = draw.below(12); n > 0; --n) pattern += draw.of(pieces);
    for (std::size_t n = draw.below(12); n > 0; --n) text += draw.of(pieces);
    const auto compiled = Pattern::regular(pattern);
    if (compiled) {
      (void)compiled->found_in(text);
    } else {
      ASSERT_LE(compiled.error().position + compiled.error().length, pattern.size()) << pattern;
      ASSERT_FALSE(compiled.error().reason.empty());
    }
    ASSERT_TRUE(Pattern::word(pattern).found_in(text + pattern + text)) << pattern;
  }
}

}  // namespace
}  // namespace athanor::query
