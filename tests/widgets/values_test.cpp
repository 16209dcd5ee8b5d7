// Numbers as text, commands found by typing, the order of the retrieval board, the log's ring.
#include "widgets/common/glyph.h"
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/gallery/board_order.h"
#include "widgets/log/log_ring.h"
#include "widgets/palette/command_palette.h"
#include "widgets/palette/fuzzy_match.h"

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QFontMetricsF>
#include <QGuiApplication>

#include <limits>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;

TEST(Numbers, MixNoTwoKindsOfPointsInAnyLanguage) {
  const QLocale before;
  QLocale::setDefault(QLocale(QLocale::German));
  EXPECT_EQ(count_text(1'249'793), QStringLiteral("1,249,793"));
  EXPECT_EQ(number_text(4.137), QStringLiteral("4.137"));
  QLocale::setDefault(before);
}

TEST(Numbers, ShowTheDigitsThatMatter) {
  EXPECT_EQ(number_text(0), u"0"_s);
  EXPECT_EQ(number_text(0.314159), u"0.3142"_s);
  EXPECT_EQ(number_text(12.5), u"12.5"_s);
  EXPECT_EQ(number_text(1234.56), u"1235"_s);
  EXPECT_EQ(number_text(0.0000314), u"3.14e-5"_s);
  EXPECT_EQ(number_text(1e9), u"1e9"_s);
  EXPECT_EQ(number_text(-0.05), u"-0.05"_s);
  EXPECT_EQ(number_text(std::numeric_limits<double>::quiet_NaN()), u"not a number"_s);
}

TEST(Numbers, PrefixesBytesAndTimes) {
  EXPECT_EQ(si_text(12'400), u"12.4\u00a0k"_s);
  EXPECT_EQ(si_text(319.6, u"samples/s"_s), u"319.6\u00a0samples/s"_s);
  EXPECT_EQ(bytes_text(1536), u"1.5\u00a0KiB"_s);
  EXPECT_EQ(bytes_text(12), u"12\u00a0B"_s);
  EXPECT_EQ(percent_text(0.2347, 1), u"23.5\u00a0%"_s);
  EXPECT_EQ(time_text(0.0125), u"12.5\u00a0ms"_s);
  EXPECT_EQ(time_text(4e-4), u"400\u00a0µs"_s);
  EXPECT_EQ(time_text(4e-4, 0.1), u"0.4\u00a0ms"_s);
  EXPECT_EQ(time_text(0, 2e-9), u"0\u00a0ns"_s);
  EXPECT_EQ(time_text(0), u"0\u00a0s"_s);
  EXPECT_EQ(duration_text(3), u"3\u00a0s"_s);
  EXPECT_EQ(duration_text(252), u"4\u00a0min\u00a012\u00a0s"_s);
  EXPECT_EQ(duration_text(7500), u"2\u00a0h\u00a005\u00a0min"_s);
  EXPECT_EQ(duration_text(-1), u"–"_s);
}

TEST(Numbers, FontForNumbersHasEquallyWideDigits) {
  const QFontMetricsF metrics(tabular_font(QGuiApplication::font()));
  for (char16_t digit = u'0'; digit <= u'9'; ++digit)
    EXPECT_NEAR(metrics.horizontalAdvance(QChar(digit)), metrics.horizontalAdvance(u'0'), 0.01);
}

TEST(Glyphs, EveryOneDrawsInsideItsField) {
  for (int i = 0; i < static_cast<int>(Glyph::count_); ++i) {
    const QRectF box = glyph_path(static_cast<Glyph>(i)).boundingRect();
    EXPECT_TRUE(QRectF(1, 1, 22, 22).contains(box)) << i;
    EXPECT_GT(box.width() + box.height(), 8) << i;
  }
}

TEST(Commands, LettersMustOccurInOrder) {
  EXPECT_TRUE(fuzzy_score(u"dlt"_s, u"Delete the run"_s));
  EXPECT_FALSE(fuzzy_score(u"xq"_s, u"Delete the run"_s));
  EXPECT_GT(*fuzzy_score(u"gl"_s, u"Go to Live"_s), *fuzzy_score(u"gl"_s, u"single"_s));
}

TEST(Commands, TheBestComesFirstAndTheImpossibleStaysVisible) {
  const std::vector<Command> all = {{u"a"_s, u"Delete the run"_s, u"Runs"_s, {}, {}, false, u"select one"_s},
                                    {u"b"_s, u"Go to Live"_s, u"Window"_s, {}, {}, true, {}},
                                    {u"c"_s, u"Stop this run"_s, u"Live"_s, {}, {}, true, {}}};
  EXPECT_EQ(rank_commands(all, {}).front().id, u"b"_s);
  EXPECT_EQ(rank_commands(all, {}).size(), 3U);
  EXPECT_EQ(rank_commands(all, u"stop"_s).front().id, u"c"_s);
  EXPECT_EQ(rank_commands(all, u"delete"_s).front().why_not, u"select one"_s);
  EXPECT_TRUE(rank_commands(all, u"zzz"_s).empty());
}

BoardQuery query(std::int64_t id, std::int64_t rank) {
  BoardQuery q;
  q.id = id;
  q.truth_rank = rank;
  q.gallery_size = 100;
  q.answers = {{id, u"x"_s, {}, 0.5}};
  return q;
}

TEST(Board, BiggestRegressionsComeFirst) {
  const auto now = compared({query(1, 5), query(2, 50), query(3, 9)}, {query(1, 4), query(2, 60), query(3, 1)});
  const auto sorted = ordered(now, BoardOrder::regressions_first);
  EXPECT_EQ(sorted[0].id, 3);
  EXPECT_EQ(rank_fall(sorted[0]), 8);
  EXPECT_EQ(sorted[1].id, 1);
  EXPECT_EQ(sorted[2].id, 2);
  EXPECT_EQ(ordered(now, BoardOrder::worst_first)[0].id, 2);
  EXPECT_EQ(ordered(now, BoardOrder::best_first)[0].id, 1);
}

TEST(Board, ComparesOnlyQueriesOfTheSameDirection) {
  BoardQuery picture = query(1, 5);
  picture.text_query = false;
  EXPECT_FALSE(compared({query(1, 5)}, {picture})[0].earlier_rank);
  EXPECT_EQ(rank_fall(query(1, 5)), 0);
}

TEST(Log, KeepsOnlyTheNewestLines) {
  LogRing ring(3);
  QAbstractItemModelTester tester(&ring, QAbstractItemModelTester::FailureReportingMode::Fatal);
  ring.append({{1, 0, LogLevel::info, u"one"_s}, {2, 0, LogLevel::info, u"two"_s}});
  ring.append({{3, 0, LogLevel::error, u"three"_s}, {4, 0, LogLevel::info, u"four"_s}});
  ASSERT_EQ(ring.rowCount(), 3);
  EXPECT_EQ(ring.index(0, 0).data().toString(), u"two"_s);
  EXPECT_EQ(ring.index(1, 0).data(Qt::AccessibleTextRole).toString(), u"Error: three"_s);
  EXPECT_EQ(ring.last_id(), 4);
  ring.append({{5, 0, LogLevel::info, u"5"_s},
               {6, 0, LogLevel::info, u"6"_s},
               {7, 0, LogLevel::info, u"7"_s},
               {8, 0, LogLevel::info, u"8"_s}});
  ASSERT_EQ(ring.rowCount(), 3);
  EXPECT_EQ(ring.index(0, 0).data().toString(), u"6"_s);
}

}  // namespace
}  // namespace athanor::widgets
