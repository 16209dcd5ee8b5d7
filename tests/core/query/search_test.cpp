// Words alone find what a plain search finds: each word anywhere in name, number, tags, status, note or model, in any
// case.
#include "tests/core/query/random_query.h"
#include "tests/core/query/runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::query {
namespace {

std::string small(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// Everything a search looks at, in one text.
std::string haystack(const SmallTable& table, std::size_t row) {
  const auto text = [&](const char* column) { return table.cell(column, row).text; };
  std::string hay = text("name") + '\n' + std::to_string(static_cast<int>(table.cell("id", row).number));
  for (const std::string& tag : table.cell("tag", row).texts) hay += '\n' + tag;
  hay += '\n' + text("status") + '\n' + text("note") + '\n' + text("model") + "\nis:" + text("status");
  for (const char* mark : {"live", "pinned", "archived"})
    if (table.cell(mark, row).number != 0) hay += "\nis:" + std::string(mark);
  return small(hay);
}

std::string found_plainly(const SmallTable& table, const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string hay = haystack(table, row);
    const bool all =
        std::ranges::all_of(words, [&](const std::string& word) { return hay.find(small(word)) != std::string::npos; });
    if (all) out.push_back(std::to_string(row));
  }
  return joined(out, " ");
}

TEST(Search, FindsWordsSideBySideAsAPlainSearchDoes) {
  SmallTable table = runs();
  const std::vector<std::string> words = {
      "two",   "tower", "TWO-tower", "abl",       "abl-",    "-2",     "1",        "12",
      "finis", "is:l",  "is:pinned", "is:run",    "is:",     "memory", "pinned",   "live",
      "best",  "so",    "größe",     "is:FAILED", "starter", "e",      "archived", "x",
      "clip",  "in",    "lr",        "loss",      "is:fini", "final",  "test",     "β"};
  Draw draw(5);
  for (int i = 0; i < 5'000; ++i) {
    std::vector<std::string> chosen;
    for (std::size_t n = 1 + draw.below(3); n > 0; --n) chosen.push_back(draw.of(words));
    const std::string typed = joined(chosen, " ");
    ASSERT_EQ(matching(typed, table), found_plainly(table, chosen)) << typed;
  }
}

TEST(Search, TakesQuotesForOneWordWithItsSpaces) {
  EXPECT_EQ(matching("\"tower abl\""), "1 2");
  EXPECT_EQ(matching("'best so'"), "1");
  EXPECT_EQ(matching("\"is:running\""), "") << "marks are no text";
}

TEST(Search, IgnoresTheCaseOfEveryAlphabet) {
  EXPECT_EQ(matching("GRÖ Β"), "3");
  EXPECT_EQ(matching("STARTER"), "0");
}

TEST(Search, JoinsWithConditions) {
  EXPECT_EQ(matching("two step = 100"), "1");
  EXPECT_EQ(matching("not two and not is:live"), "4");
  EXPECT_EQ(matching("is:live or is:pinned"), "0 1 3");
}

TEST(Search, KnowsTheStatesThatARunCanHave) {
  EXPECT_EQ(matching("is:stopped"), "") << "no run is, but one could be";
  EXPECT_EQ(matching("is:runing"), "\"runing\" is no state of a run; perhaps is:running is meant");
}

}  // namespace
}  // namespace athanor::query
