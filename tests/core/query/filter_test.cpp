// Which rows a filter finds.
#include "tests/core/query/runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::query {
namespace {

TEST(Filter, OfNothingMatchesEveryRow) {
  EXPECT_EQ(matching(""), "0 1 2 3 4");
  EXPECT_EQ(matching(" \t "), "0 1 2 3 4");
}

TEST(Filter, ComparesFieldsParametersAndMetrics) {
  EXPECT_EQ(matching("step >= 70"), "1 2 4");
  EXPECT_EQ(matching("train.learning_rate = 3e-4"), "1 2");
  EXPECT_EQ(matching("train/loss < 0.3"), "0 1");
  EXPECT_EQ(matching("70 <= step"), "1 2 4");
  EXPECT_EQ(matching("step = steps"), "1 4");
  EXPECT_EQ(matching("loss < 0.3 and (model = \"two-tower\" or tag ~ \"abl.*\") and min(val/r1) > 40"), "1");
}

TEST(Filter, TakesAMetricAloneAsItsLastValueAndFunctionsAsTheWholeCurve) {
  EXPECT_EQ(matching("val/r1 = 40"), "0");
  EXPECT_EQ(matching("max(val/r1) = 41"), "0");
  EXPECT_EQ(matching("first(val/r1) = 42"), "1");
  EXPECT_EQ(matching("last(val/r1) = 40"), "0");
  EXPECT_EQ(matching("mean(val/r1) = 46"), "1");
  EXPECT_EQ(matching("count(val/r1) = 3"), "0");
  EXPECT_EQ(matching("min (val/r1) < 2"), "4");
}

TEST(Filter, KnowsANameByItsLastPartsWordsOrInitialsIfOnlyOneHasThem) {
  EXPECT_EQ(matching("loss = 0.25"), "0");
  EXPECT_EQ(matching("learning_rate < 1e-3"), "1 2");
  EXPECT_EQ(matching("lr < 1e-3"), "1 2");
  EXPECT_EQ(matching("r1 > 41"), "1");
  EXPECT_EQ(matching("t2i_r10 > 0.6"), "1");
}

TEST(Filter, TakesOfColumnsThatShareAShortNameTheOneWhoseTypeFits) {
  EXPECT_EQ(matching("loss < 0.3"), "0 1");
  EXPECT_EQ(matching("0.3 > loss"), "0 1");
  EXPECT_EQ(matching("loss * 2 < 0.6"), "0 1");
  EXPECT_EQ(matching("min(loss) < 0.2"), "1");
  EXPECT_EQ(matching("loss in (0.25, 0.5)"), "0 4");
  EXPECT_EQ(matching("is_nan(loss)"), "2");
  EXPECT_EQ(matching("loss = sigmoid"), "2 3");
  EXPECT_EQ(matching("loss ~ sig"), "2 3");
  EXPECT_EQ(matching("loss in (sigmoid)"), "2 3");
  EXPECT_EQ(matching("has(loss)"), "\"loss\" may be any of these: train.loss, train/loss");
}

TEST(Filter, CalculatesBeforeItCompares) {
  EXPECT_EQ(matching("step / steps > 0.6"), "1 2 4");
  EXPECT_EQ(matching("(step + 50) * 2 = 200"), "0");
  EXPECT_EQ(matching("2 + 3 * 4 = 14 and 10 - 2 - 3 = 5 and -2 * -3 = 6"), "0 1 2 3 4");
  EXPECT_EQ(matching("min(val/r1)*100-max(val/r1) > 2000"),
            "\"100-max\" is no function; expected is one of min, max, first, last, mean, count, has, is_nan, or quotes "
            "to search for it");
  EXPECT_EQ(matching("min(val/r1)*100 - max(val/r1) > 2000"), "1");
}

TEST(Filter, ReadsPercentScalesDurationsAndDates) {
  EXPECT_EQ(matching("progress = 50%"), "0");
  EXPECT_EQ(matching("steps * 10 = 1k"), "0 1 2 4");
  EXPECT_EQ(matching("duration > 12h"), "1 4");
  EXPECT_EQ(matching("duration = 6h"), "0");
  EXPECT_EQ(matching("duration >= 720min and duration < 23h59min"), "2");
  EXPECT_EQ(matching("created > 2026-10-30"), "0 3");
  EXPECT_EQ(matching("created = 2026-10-29"), "1");
  EXPECT_EQ(matching("created != 2026-10-29"), "0 2 3 4");
  EXPECT_EQ(matching("created <= 2026-10-29"), "1 2 4");
  EXPECT_EQ(matching("created < 2026-10-29"), "2 4");
  EXPECT_EQ(matching("created >= 2026-11-01T11:59"), "3");
  EXPECT_EQ(matching("created = 2026-11-01T11:59:00"), "3");
  EXPECT_EQ(matching("2026-10-29 < created"), "0 3");
  EXPECT_EQ(matching("created in (2026-10-29, 2026-11-01)"), "0 1 3");
}

TEST(Filter, CountsRelativeTimesBackFromNow) {
  EXPECT_EQ(matching("started > -7d"), "0 1");
  EXPECT_EQ(matching("-7d > started"), "2 4");
  EXPECT_EQ(matching("ended - started < 1d"), "2");
  EXPECT_EQ(matching("started + 1d = ended"), "1 4");
  SmallTable table = runs();
  auto filter = Filter::compile("started > -7d", table, kThen);
  ASSERT_TRUE(filter);
  EXPECT_TRUE(filter->depends_on_now());
  EXPECT_FALSE(filter->matches(2));
  filter->set_now(kNow - 2 * kDay);
  EXPECT_TRUE(filter->matches(2));
  EXPECT_FALSE(Filter::compile("started > 2026-01-01", table, kThen)->depends_on_now());
}

TEST(Filter, ComparesTextsLetterByLetterAndListsByAnyOfThem) {
  EXPECT_EQ(matching("model = two-tower"), "0 1");
  EXPECT_EQ(matching("model != \"two-tower\""), "2 3");
  EXPECT_EQ(matching("model = Two-Tower"), "");
  EXPECT_EQ(matching("name < two"), "0 1 3 4") << "by bytes, in which small letters follow on capitals, ö on all";
  EXPECT_EQ(matching("tag = abl-lr"), "0");
  EXPECT_EQ(matching("tag != x"), "1 2 3 4");
  EXPECT_EQ(matching("x = tag"), "\"x\" is no field, parameter or metric");
  EXPECT_EQ(matching("\"x\" = tag"), "0");
  EXPECT_EQ(matching("status in (failed, running)"), "0 2");
  EXPECT_EQ(matching("status not in (failed, running)"), "1 3 4");
  EXPECT_EQ(matching("tag in (final, x)"), "0 3");
  EXPECT_EQ(matching("id in (12, 7 * 2, 99)"), "0 2");
  EXPECT_EQ(matching("data.dataset = model"), "") << "a bare word beside a text is a text";
  EXPECT_EQ(matching("data.dataset != `model`"), "0 1 2 3") << "in backquotes it is a name";
}

TEST(Filter, FindsPatternsAnywhereInAnyCase) {
  EXPECT_EQ(matching("tag ~ \"^abl\""), "0 1");
  EXPECT_EQ(matching("tag ~ abl-.*r$"), "0");
  EXPECT_EQ(matching("tag !~ abl"), "2 3 4");
  EXPECT_EQ(matching("model ~ TOWER"), "0 1");
  EXPECT_EQ(matching("model !~ tower"), "2 3") << "what a row does not have is not compared";
  EXPECT_EQ(matching("(name ~ abl-(1|3)) or name ~ GRÖSSE"), "1") << "ß has no capital of one letter";
  EXPECT_EQ(matching("name ~ GRÖ"), "3");
}

TEST(Filter, TakesWhatIsMissingForNeitherTrueNorFalse) {
  EXPECT_EQ(matching("val/r1 > 0"), "0 1 4");
  EXPECT_EQ(matching("val/r1 <= 0"), "");
  EXPECT_EQ(matching("val/r1 != 0"), "0 1 4");
  EXPECT_EQ(matching("not val/r1 > 0"), "2 3");
  EXPECT_EQ(matching("val/r1 + 1 < 1e9"), "0 1 4");
  EXPECT_EQ(matching("has(val/r1)"), "0 1 4");
  EXPECT_EQ(matching("not has(parent)"), "0 2 3 4");
  EXPECT_EQ(matching("has(model)"), "0 1 2");
  EXPECT_EQ(matching("has(tag)"), "0 1 3");
  EXPECT_EQ(matching("train.deterministic = true"), "0 2 3");
  EXPECT_EQ(matching("train.deterministic != true"), "1");
  EXPECT_EQ(matching("model not in (clip)"), "0 1 3 4");
}

TEST(Filter, ComparesNanLikeWhatIsMissingButKnowsIt) {
  EXPECT_EQ(matching("train/loss > 0"), "0 1 4");
  EXPECT_EQ(matching("train/loss != 0"), "0 1 4");
  EXPECT_EQ(matching("train/loss = train/loss"), "0 1 4");
  EXPECT_EQ(matching("train/loss in (0.25, 0 / 0)"), "0");
  EXPECT_EQ(matching("is_nan(train/loss)"), "2");
  EXPECT_EQ(matching("not is_nan(train/loss)"), "0 1 3 4");
  EXPECT_EQ(matching("has(train/loss)"), "0 1 2 4");
  EXPECT_EQ(matching("is_nan(train/loss - val/r1)"), "") << "what is missing is not even NaN";
  EXPECT_EQ(matching("is_nan(step * 0 / 0)"), "0 1 2 3 4");
}

TEST(Filter, JoinsConditionsInTheUsualOrder) {
  EXPECT_EQ(matching("step = 50 or step = 70 and status = failed"), "0 2");
  EXPECT_EQ(matching("(step = 50 or step = 70) and status = failed"), "2");
  EXPECT_EQ(matching("not step = 50 and not step = 70"), "1 3 4");
  EXPECT_EQ(matching("!(step = 50 || step = 70) && steps == 100"), "1 4");
  EXPECT_EQ(matching("step > 60 steps = 100 not status = finished"), "2");
  EXPECT_EQ(matching("true"), "0 1 2 3 4");
  EXPECT_EQ(matching("not true or false"), "");
  EXPECT_EQ(matching("(step > 60) = (status = finished)"), "0 1 3 4");
}

TEST(Filter, KnowsOddNamesInQuotes) {
  EXPECT_EQ(matching("`odd name!` = 1"), "0");
  EXPECT_EQ(matching("\"odd name!\" = 1"), "0");
  EXPECT_EQ(matching("max(\"odd name!\") = 1"), "0");
  EXPECT_EQ(matching("`pinned`"), "1");
  EXPECT_EQ(matching("`pinned` and not `archived`"), "1");
}

TEST(Expression, GivesAValueForEachRow) {
  SmallTable table = runs();
  const auto percent = Expression::compile("min(val/r1) * 100", table, kThen);
  ASSERT_TRUE(percent);
  EXPECT_EQ(percent->type(), Type::number);
  EXPECT_EQ(percent->number(0), 1000);
  EXPECT_EQ(percent->number(2), std::nullopt);
  EXPECT_EQ(percent->text(0), std::nullopt);
  EXPECT_EQ(Expression::compile("-loss", table, kThen)->number(0), -0.25);
  const auto age = Expression::compile("ended - started", table, kThen);
  EXPECT_EQ(age->type(), Type::duration);
  EXPECT_EQ(age->number(1), kDay);
  const auto name = Expression::compile("name", table, kThen);
  EXPECT_EQ(name->type(), Type::text);
  EXPECT_EQ(name->text(0), "starter");
  const auto truth = Expression::compile("loss < 0.3", table, kThen);
  EXPECT_EQ(truth->type(), Type::truth);
  EXPECT_EQ(truth->number(0), 1);
  EXPECT_EQ(truth->number(3), 0);
  EXPECT_FALSE(Expression::compile("tag", table, kThen));
  EXPECT_FALSE(Expression::compile("", table, kThen));
}

TEST(Expression, CountsDatesInTheZoneAskedFor) {
  SmallTable table = runs();
  const auto utc = Expression::compile("created - 2026-11-01", table, {kNow, Zone::utc});
  EXPECT_EQ(utc->number(3), 0.5 * kDay - 60);
  std::tm day{};
  day.tm_year = 126;
  day.tm_mon = 10;
  day.tm_mday = 1;
  day.tm_isdst = -1;
  const auto local = Expression::compile("created - 2026-11-01", table, {kNow, Zone::local});
  EXPECT_EQ(local->number(3), kNow - 60 - static_cast<double>(std::mktime(&day)));
}

}  // namespace
}  // namespace athanor::query
