// A tree printed and read again is the same tree; tidy text stays as it is.
#include "core/query/literal.h"
#include "core/query/parse.h"
#include "core/query/query.h"
#include "core/query/token.h"
#include "tests/core/query/random_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::query {
namespace {

TEST(RoundTrip, OfRandomConditionsGivesTheSameTree) {
  RandomQuery random(1);
  for (int i = 0; i < 20'000; ++i) {
    const Tree tree = random.condition();
    const std::string text = to_text(tree);
    const Parsed again = parse_condition(text);
    ASSERT_TRUE(again.faults.empty()) << text << '\n' << to_string(again.faults.front());
    ASSERT_TRUE(again.tree == tree) << text << '\n' << to_text(again.tree);
    ASSERT_EQ(tidy(text), text);
  }
}

TEST(RoundTrip, OfRandomValuesGivesTheSameTree) {
  RandomQuery random(2);
  for (int i = 0; i < 5'000; ++i) {
    const Tree tree = random.number(5);
    const std::string text = to_text(tree);
    const Parsed again = parse_value(text);
    ASSERT_TRUE(again.faults.empty()) << text;
    ASSERT_TRUE(again.tree == tree) << text << '\n' << to_text(again.tree);
  }
}

TEST(RoundTrip, OfAnyTextThatCanBeReadGivesTheSameTree) {
  const std::vector<std::string> pieces = {"a",  "b-c", "-",  "/",  "+",   "*",    "(",    ")",  ",",         "and",
                                           "or", "not", "in", "~",  "!~",  "=",    "!=",   "<",  "\"",        "'",
                                           "`",  "min", "1",  "2h", "40%", "x.y",  "!",    "&&", "is:",       " ",
                                           " ",  " ",   " ",  " ",  "has", "in (", "true", "é",  "2026-11-01"};
  Draw draw(3);
  int read = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    for (std::size_t n = 1 + draw.below(9); n > 0; --n) text += draw.of(pieces);
    const Parsed once = parse_condition(text);
    if (!once.faults.empty()) continue;
    ++read;
    const std::string printed = to_text(once.tree);
    const Parsed again = parse_condition(printed);
    ASSERT_TRUE(again.faults.empty()) << text << '\n' << printed << '\n' << to_string(again.faults.front());
    ASSERT_TRUE(again.tree == once.tree) << text << '\n' << printed << '\n' << to_text(again.tree);
  }
  EXPECT_GT(read, 40'000);
}

TEST(RoundTrip, OfNumbersGivesTheSameNumber) {
  std::mt19937_64 engine(4);
  for (int i = 0; i < 10'000; ++i) {
    const double value =
        std::ldexp(static_cast<double>(engine() >> 11U), static_cast<int>(engine() % 2000) - 1000 - 53);
    if (!std::isfinite(value)) continue;
    const auto read = read_literal(number_text(value));
    ASSERT_TRUE(read) << number_text(value);
    ASSERT_EQ(read->value, value);
  }
}

TEST(Tidy, WritesOneSpaceFewBracketsAndDoubleQuotes) {
  EXPECT_EQ(tidy("  loss<0.3&&( model==\"two-tower\"||tag~abl.* )and min( val/r1 )>40 "),
            "loss < 0.3 and (model = \"two-tower\" or tag ~ \"abl.*\") and min(val/r1) > 40");
  EXPECT_EQ(tidy("(a and (b) and c) or d"), "a b c or d");
  EXPECT_EQ(tidy("abl   two-tower"), "abl two-tower");
  EXPECT_EQ(tidy("!(x in(1,2))"), "x not in (1, 2)");
  EXPECT_EQ(tidy("NOT a AND b OR c"), "not a and b or c");
  EXPECT_EQ(tidy("((1 + 2)) * 3 - (4 - 5) > -x"), "(1 + 2) * 3 - (4 - 5) > -x");
  EXPECT_EQ(tidy("'it''s'"), "\"it's\"");
  EXPECT_EQ(tidy(""), "");
  EXPECT_EQ(tidy("a ="), std::nullopt);
}

}  // namespace
}  // namespace athanor::query
