// Random and damaged texts, the same in every run: whatever is read, refused or completed, nothing breaks, and places
// lie inside the text.
#include "core/query/complete.h"
#include "core/query/parse.h"
#include "core/query/query.h"
#include "tests/core/query/random_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::query {
namespace {

const std::vector<std::string> kPieces = {"and",
                                          "or",
                                          "not",
                                          " in (",
                                          "(",
                                          ")",
                                          ",",
                                          "=",
                                          "!=",
                                          "<=",
                                          "~",
                                          "!~",
                                          "\"",
                                          "'",
                                          "`",
                                          "+",
                                          "-",
                                          "*",
                                          "/",
                                          "%",
                                          "1e999",
                                          "nan",
                                          "inf",
                                          "2026-13-01",
                                          "1h",
                                          "9999999999999999999999",
                                          "is:",
                                          "min(",
                                          "has(",
                                          "is_nan(",
                                          "n0",
                                          "s0",
                                          "l0",
                                          "m/0",
                                          "t0",
                                          "\xff",
                                          "\xe2\x80",
                                          "\xc2\xa0",
                                          "ä",
                                          "日",
                                          std::string("\0", 1),
                                          "\n",
                                          "[",
                                          "{",
                                          "\\",
                                          "||",
                                          "&&",
                                          "!",
                                          "true",
                                          "[a-",
                                          "(?"};

void try_all(const std::string& text, SmallTable& table, Draw& draw) {
  const auto filter = Filter::compile(text, table, {1e9, Zone::utc});
  const auto expression = Expression::compile(text, table, {1e9, Zone::utc});
  if (filter) {
    for (std::size_t row = 0; row < table.rows(); ++row) (void)filter->matches(row);
    const auto tidied = tidy(text);
    ASSERT_TRUE(tidied) << text;
    const auto again = Filter::compile(*tidied, table, {1e9, Zone::utc});
    ASSERT_TRUE(again) << text << '\n' << *tidied;
    for (std::size_t row = 0; row < table.rows(); ++row) ASSERT_EQ(again->matches(row), filter->matches(row)) << text;
  } else {
    ASSERT_FALSE(filter.error().empty());
    for (const Fault& fault : filter.error()) {
      ASSERT_LE(fault.position + fault.length, text.size()) << text << '\n' << to_string(fault);
      ASSERT_FALSE(fault.sentence.empty());
      (void)underlined(text, fault);
    }
  }
  if (expression) {
    for (std::size_t row = 0; row < table.rows(); ++row) {
      (void)expression->number(row);
      (void)expression->text(row);
    }
  }
  const Completion completion = complete(text, draw.below(text.size() + 2), table);
  ASSERT_LE(completion.end, text.size());
}

TEST(Fuzz, TextsOfRandomPieces) {
  Draw draw(21);
  SmallTable table = random_table(1, 6);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (std::size_t n = draw.below(14); n > 0; --n) text.append(draw.of(kPieces)).append(draw.one_in(2) ? 1 : 0, ' ');
    try_all(text, table, draw);
    if (HasFatalFailure()) return;
  }
}

TEST(Fuzz, TextsOfRandomBytes) {
  Draw draw(22);
  SmallTable table = random_table(2, 4);
  for (int i = 0; i < 10'000; ++i) {
    std::string text;
    for (std::size_t n = draw.below(40); n > 0; --n) text += static_cast<char>(draw.below(256));
    try_all(text, table, draw);
    if (HasFatalFailure()) return;
  }
}

TEST(Fuzz, DamagedQueries) {
  Draw draw(23);
  RandomQuery random(24);
  SmallTable table = random_table(3, 6);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = to_text(random.condition(3));
    for (std::size_t edits = 1 + draw.below(3); edits > 0 && !text.empty(); --edits) {
      const std::size_t place = draw.below(text.size());
      switch (draw.below(5)) {
        case 0: text[place] = static_cast<char>(draw.below(256)); break;
        case 1: text.erase(place, 1 + draw.below(6)); break;
        case 2: text.insert(place, draw.of(kPieces)); break;
        case 3: text.insert(place, text.substr(draw.below(text.size()), 1 + draw.below(20))); break;
        default: text.resize(place); break;
      }
    }
    try_all(text, table, draw);
    if (HasFatalFailure()) return;
  }
}

TEST(Fuzz, LongTextsOfOneKind) {
  Draw draw(25);
  SmallTable table = random_table(4, 1);
  for (const std::string& piece : kPieces) {
    std::string text;
    while (text.size() < 20'000) text += piece;
    try_all(text, table, draw);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace athanor::query
