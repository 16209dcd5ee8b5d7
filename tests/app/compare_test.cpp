// Runs side by side: what is compared, how it is read and drawn, and what it comes to.
#include "app/bridge/curve_readers.h"
#include "app/controllers/compare_controller.h"
#include "app/models/compared_run_model.h"
#include "app/models/run_labels.h"
#include "app/models/run_matrix_model.h"
#include "app/pages/compare/compare_curves.h"
#include "app/pages/compare/compare_lineage.h"
#include "app/pages/compare/compare_list.h"
#include "app/pages/compare/compare_page.h"
#include "app/pages/compare/compare_pictures.h"
#include "app/pages/compare/compare_relations.h"
#include "app/pages/compare/compare_table.h"
#include "app/pages/compare/curve_columns_of.h"
#include "app/settings/settings.h"
#include "core/store/writer.h"
#include "tests/app/bench.h"
#include "tests/support/temporary_folder.h"
#include "widgets/feedback/empty_page.h"
#include "widgets/gallery/retrieval_board.h"
#include "widgets/lineage/lineage_view.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/plot/plot_link.h"
#include "widgets/relations/parallel_plot.h"
#include "widgets/relations/ranked_bars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QPushButton>
#include <QTableView>

#include <cmath>
#include <random>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using testing::DoubleNear;
using testing::ElementsAre;

// Runs of one metric, long enough for summaries.
class LongRuns {
 public:
  explicit LongRuns(const std::filesystem::path& home, int runs, std::int64_t samples) {
    const auto writer = value_or_throw(store::Writer::open(home / "history.db"));
    std::mt19937_64 random(7);
    for (int i = 0; i < runs; ++i) {
      store::NewRun wanted;
      wanted.name = "long-" + std::to_string(i);
      wanted.status = store::RunStatus::running;
      wanted.created_ns = 1'760'000'000'000'000'000;
      wanted.steps = samples;
      wanted.directory = "/nowhere/" + wanted.name;
      wanted.recipe_toml = "[train]\nlearning_rate = " + std::to_string(0.001 * (i + 1)) + "\n";
      ids.push_back(value_or_throw(writer->add_run(wanted)).run);
      std::vector<journal::Event> events;
      values.emplace_back();
      for (std::int64_t step = 0; step < samples; ++step) {
        const double value = std::uniform_real_distribution<double>(-1, 1)(random);
        values.back().push_back(value);
        events.push_back({step * 1'000'000, journal::MetricSamples{step, {{"train/loss", value}}}});
      }
      value_or_throw(writer->ingest({.run = ids.back(), .from_offset = 0, .next_offset = 1, .events = events}));
    }
  }
  std::vector<store::RunId> ids;
  std::vector<std::vector<double>> values;  // by run and step
};

struct Compare : testing::Test {
  testing_support::TemporaryFolder home;
  static ComparePage& page(const Bench& bench) {
    return *qobject_cast<ComparePage*>(bench.window().page(u"compare"_s));
  }
  static ComparedRuns& compared(const Bench& bench) { return *bench.workbench->compare().compared(); }
};

TEST_F(Compare, WithoutRunsItSaysHowToChooseSome) {
  fill_history(home.path(), {4, false, false, 0});
  Bench bench({home.path()});
  bench.show("compare");
  auto* empty = page(bench).findChild<widgets::EmptyPage*>();
  ASSERT_TRUE(empty && empty->isVisible());
  QTest::mouseClick(empty->findChild<QPushButton*>(), Qt::LeftButton);
  EXPECT_EQ(bench.window().current_page(), u"runs"_s);
}

TEST_F(Compare, SelectedRunsAreLaidOverEachOther) {
  fill_history(home.path(), {6, false, false, 0});
  Bench bench({home.path()});
  bench.show("runs");
  bench.runs().table()->selectAll();
  bench.run("runs.compare");
  EXPECT_EQ(bench.window().current_page(), u"compare"_s);
  ASSERT_TRUE(Bench::until([&] { return page(bench).is_ready(); }));
  const widgets::MetricPlot* plot = page(bench).curves()->plot("train/loss");
  ASSERT_TRUE(plot);
  EXPECT_EQ(plot->curves().size(), 6U);
  for (const widgets::Curve& curve : plot->curves()) EXPECT_FALSE(curve.empty()) << curve.label.toStdString();
}

TEST_F(Compare, ASingleRunJoinsThoseCompared) {
  fill_history(home.path(), {6, false, false, 0});
  Bench bench({home.path()});
  bench.show("runs");
  compared(bench).set({1, 2});
  bench.runs().select(5);
  bench.run("runs.compare");
  EXPECT_THAT(compared(bench).ids(), ElementsAre(1, 2, 5));
}

TEST_F(Compare, ZoomedIntoEveryColumnHoldsExactlyItsSamples) {
  const LongRuns runs(home.path(), 3, 40'000);
  Bench bench({home.path()});
  compared(bench).set(runs.ids);
  bench.show("compare");
  widgets::MetricPlot* plot = page(bench).curves()->plot("train/loss");
  ASSERT_TRUE(plot);
  auto* feed = plot->findChild<CurveFeed*>();
  std::mt19937_64 random(3);
  for (const double width : {30'000.0, 5'000.0, 700.0, 90.0}) {
    const double from = std::uniform_real_distribution<double>(0, 40'000 - width)(random);
    bool detailed = false;
    const auto once = QObject::connect(feed, &CurveFeed::detailed, feed, [&] { detailed = true; });
    page(bench).curves()->link()->set_range(from, from + width);
    ASSERT_TRUE(Bench::until([&] { return detailed; }));
    QObject::disconnect(once);
    for (std::size_t run = 0; run < runs.ids.size(); ++run) {
      const widgets::CurveColumns& columns = *plot->curves()[run].columns;
      double before = -1;
      std::size_t seen = 0;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const widgets::CurveColumn column = columns[i];
        if (before >= from && column.step <= from + width) {
          const auto& values = runs.values[run];
          const auto [least, greatest] = std::minmax_element(values.begin() + std::lround(before) + 1,
                                                             values.begin() + std::lround(column.step) + 1);
          EXPECT_EQ(column.minimum, *least);
          EXPECT_EQ(column.maximum, *greatest);
          ++seen;
        }
        before = column.step;
      }
      EXPECT_GE(seen, std::min<std::size_t>(static_cast<std::size_t>(width) - 3, 300)) << width;
    }
  }
}

TEST_F(Compare, OverTimeAndSamplesTheSameCurvesAreRead) {
  fill_history(home.path(), {4, false, false, 0});
  Bench bench({home.path()});
  compared(bench).set({1, 2, 3});
  bench.show("compare");
  widgets::MetricPlot* plot = page(bench).curves()->plot("train/loss");
  ASSERT_TRUE(plot);
  const double steps = plot->shown_x_range().second;
  for (int i = 0; i < 3; ++i) {
    bench.run("compare.axis");
    ASSERT_TRUE(Bench::until([&] { return page(bench).is_ready() && plot->shown_x_range().second != steps; })) << i;
    EXPECT_FALSE(plot->curves().front().empty());
  }
  EXPECT_GT(plot->shown_x_range().first, 1.5e9);  // by the wall clock
}

TEST_F(Compare, TheBaselineIsMeasuredAgainstAndCanBeTakenBack) {
  fill_history(home.path(), {4, false, false, 0});
  Bench bench({home.path()});
  compared(bench).set({1, 2, 3});
  bench.show("compare");
  page(bench).list()->choose(2);
  bench.run("compare.baseline");
  EXPECT_EQ(compared(bench).baseline(), 2);
  const QAbstractItemModel* model = page(bench).list()->model();
  ASSERT_TRUE(
      Bench::until([&] { return !model->index(0, ComparedRunModel::difference_column).data().toString().isEmpty(); }));
  EXPECT_EQ(model->index(1, ComparedRunModel::difference_column).data().toString(), u"baseline"_s);
  bench.run("compare.baseline");
  EXPECT_EQ(compared(bench).baseline(), 0);
}

TEST_F(Compare, HiddenRunsAreNotDrawnAndOnlyOneCanBeShown) {
  fill_history(home.path(), {4, false, false, 0});
  Bench bench({home.path()});
  compared(bench).set({1, 2, 3});
  bench.show("compare");
  page(bench).list()->choose(2);
  bench.run("compare.only");
  const auto shown = [&] {
    std::vector<store::RunId> ids;
    for (const widgets::Curve& curve : page(bench).curves()->plot("train/loss")->curves())
      if (curve.is_shown()) ids.push_back(curve.id);
    return ids;
  };
  EXPECT_THAT(shown(), ElementsAre(2));
  bench.run("compare.only");
  EXPECT_THAT(shown(), ElementsAre(1, 2, 3));
  bench.run("compare.remove");
  EXPECT_THAT(shown(), ElementsAre(1, 3));
}

TEST_F(Compare, IsThereAgainAfterARestart) {
  fill_history(home.path(), {4, false, false, 0});
  {
    Bench bench({home.path()});
    bench.workbench->compare().set_metrics({"eval/loss"});
    compared(bench).set({3, 1});
    compared(bench).set_baseline(1);
    compared(bench).set_visible({3}, false);
  }
  Bench bench({home.path()});
  EXPECT_THAT(compared(bench).ids(), ElementsAre(3, 1));
  EXPECT_EQ(compared(bench).baseline(), 1);
  EXPECT_FALSE(compared(bench).find(3)->visible);
  EXPECT_THAT(bench.workbench->compare().metrics(), ElementsAre("eval/loss"));
}

TEST_F(Compare, TheTableShowsOnlyWhatDiffersUntilAskedForAll) {
  const LongRuns runs(home.path(), 3, 10);
  Bench bench({home.path()});
  compared(bench).set(runs.ids);
  compared(bench).set_baseline(runs.ids[1]);
  bench.show("compare");
  page(bench).show_view(u"differences"_s);
  RunMatrixModel* model = page(bench).table()->model();
  ASSERT_TRUE(Bench::until([&] { return model->rowCount() == 2; }));  // the loss and the learning rate
  EXPECT_EQ(model->headerData(0, Qt::Horizontal).toString(), u"long-1"_s);
  EXPECT_EQ(model->index(1, 0).data(RunMatrixModel::name_role).toString(), u"train.learning_rate"_s);
  EXPECT_EQ(model->index(1, 0).data().toString(), u"0.002"_s);
  model->set_search(u"learning"_s);
  EXPECT_EQ(model->rowCount(), 1);
}

TEST_F(Compare, EveryViewShowsSomethingOfTheRuns) {
  fill_history(home.path(), {8, true, false, 60});
  const store::RunId fork = add_failed_fork(home.path(), 2, 20);
  Bench bench({home.path()});
  compared(bench).set({9, 2, 3, 4});
  compared(bench).set_baseline(2);
  bench.show("compare");
  page(bench).show_view(u"relations"_s);
  ASSERT_TRUE(Bench::until([&] { return !page(bench).relations()->bars()->painted_items().empty(); }));
  EXPECT_EQ(page(bench).relations()->parallel()->kept().size(), 4U);
  page(bench).show_view(u"lineage"_s);
  const auto items = page(bench).lineage()->view()->painted_items();
  EXPECT_EQ(items.size(), 5U);  // with the fork of one of them
  EXPECT_EQ(std::ranges::count(page(bench).lineage()->view()->rows(), 1, &widgets::LineageRow::depth), 1);
  EXPECT_GT(fork, 0);
  page(bench).show_view(u"pictures"_s);
  ASSERT_TRUE(Bench::until([&] { return !page(bench).pictures()->board()->shown_queries().empty(); }));
}

TEST(RunLabels, NumberRunsThatHaveTheSameName) {
  RunStore runs;
  std::vector<store::Run> all(3);
  for (std::size_t i = 0; i < all.size(); ++i) all[i].id = static_cast<store::RunId>(i) + 1;
  all[0].name = all[1].name = "starter";
  all[2].name = "other";
  runs.apply(all);
  const RunLabels labels(runs, {1, 2, 3, 9});
  EXPECT_EQ(labels.of(1), u"starter · 1"_s);
  EXPECT_EQ(labels.of(3), u"other"_s);
  EXPECT_EQ(labels.of(9), u"No. 9"_s);
}

TEST(ComparedRuns, KeepTheirLookWhileOthersComeAndGo) {
  ComparedRuns runs;
  runs.set({7, 8, 9});
  runs.remove({8});
  runs.add({10, 9});
  EXPECT_THAT(runs.ids(), ElementsAre(7, 9, 10));
  EXPECT_EQ(runs.find(9)->colour, 2);
  EXPECT_EQ(runs.find(10)->colour, 1);  // the one that became free
  runs.set({9, 7});
  EXPECT_THAT(runs.ids(), ElementsAre(9, 7));
  EXPECT_EQ(runs.find(7)->colour, 0);
}

TEST(ComparedRuns, PassOverTextsThatSayNothing) {
  ComparedRuns runs;
  runs.restore({u"5 2 hidden"_s, u"nonsense"_s, u""_s, u"5 1"_s, u"-3 1"_s, u"6 x baseline"_s});
  EXPECT_THAT(runs.ids(), ElementsAre(5, 6));
  EXPECT_EQ(runs.baseline(), 6);
  ComparedRuns again;
  again.restore(runs.texts());
  EXPECT_EQ(again.texts(), runs.texts());
}

TEST(ComparedRunModel, SortsByWhatIsKnownAndPutsTheRestLast) {
  ComparedRuns compared;
  FigureStore figures;
  ComparedRunModel model(
      &compared, [](store::RunId run) { return QString::number(run); }, &figures);
  const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
  model.set_metric("loss");
  compared.set({1, 2, 3, 4});
  store::MetricFacts low, high;
  low.last = 0.5;
  high.last = 2;
  figures.set_metric("loss", {{2, high}, {4, low}});
  model.sort(ComparedRunModel::value_column, Qt::AscendingOrder);
  EXPECT_EQ(model.run_at(0), 4);
  EXPECT_EQ(model.run_at(1), 2);
  model.sort(ComparedRunModel::value_column, Qt::DescendingOrder);
  EXPECT_EQ(model.run_at(0), 2);
  EXPECT_EQ(model.run_at(3), 3);
}

TEST(RunMatrix, KnowsHowCloselyAMetricFollowsWhat) {
  const std::vector<store::RunId> ids = {1, 2, 3, 4};
  std::map<store::RunId, std::map<std::string, store::SettingValue>> fields;
  FigureStore::Metric loss;
  for (const store::RunId id : ids) {
    fields[id] = {{"train.learning_rate", 0.001 * std::pow(10, static_cast<double>(id))},
                  {"model.family", std::string(id % 2 == 0 ? "a" : "b")},
                  {"run.name", std::string("same")}};
    loss[id].last = -static_cast<double>(id * id);
  }
  const RunMatrix matrix = matrix_of(ids, [&](store::RunId id) { return &fields.at(id); }, {{"train/loss", &loss}});
  const std::vector<Importance> found = importances(matrix, 0);
  ASSERT_EQ(found.size(), 2U);  // what is the same everywhere tells nothing
  EXPECT_EQ(matrix.rows[found[0].row].name, "train.learning_rate");
  EXPECT_THAT(found[0].strength, DoubleNear(1, 1e-12));
  EXPECT_EQ(found[0].direction, -1);
  EXPECT_EQ(matrix.rows[found[1].row].name, "model.family");
  EXPECT_EQ(found[1].strength, 0);  // ranks 4 2 against 3 1: no more than chance
  EXPECT_TRUE(scale_of(matrix.rows[found[0].row]).is_logarithmic);
}

TEST(RunMatrix, FillsInDefaultsAndLeavesTheUnknownOpen) {
  std::map<std::string, store::SettingValue> set = {{"train.steps", 7.0}};
  const RunMatrix matrix =
      matrix_of({1, 2, 3}, [&](store::RunId id) { return id == 1   ? &set
                                                         : id == 2 ? nullptr
                                                                   : nullptr; }, {});
  ASSERT_EQ(matrix.rows.size(), 1U);
  EXPECT_EQ(value_text(matrix.rows[0], 0), u"7"_s);
  EXPECT_EQ(value_text(matrix.rows[0], 1), u"–"_s);
  EXPECT_TRUE(default_setting("train.steps").has_value());
  EXPECT_FALSE(default_setting("no.field").has_value());
}

TEST(MetricWords, DifferencesAreSaidInTheUnitPeopleUse) {
  EXPECT_EQ(difference_text(look_of_metric("eval/t2i_r1"), 0.215, 0.2), u"+1.5 pt"_s);
  EXPECT_EQ(difference_text(look_of_metric("train/loss"), 0.75, 1.0), u"−25\u00a0%"_s);
  EXPECT_EQ(judged(look_of_metric("train/loss"), 0.9, 1.0), 1);
  EXPECT_EQ(judged(look_of_metric("eval/t2i_r1"), 0.1, 0.2), -1);
  EXPECT_EQ(judged(look_of_metric("train/learning_rate"), 0.1, 0.2), 0);
}

TEST(CurveColumnsOf, DetailThatReachesBeyondItsRangeLeavesNoStepTwice) {
  const auto bucket = [](std::int64_t first, std::int64_t last) {
    return store::Bucket{first, last, 0, 0, 0, 1, 0.5, last - first + 1, 0};
  };
  std::vector<store::Bucket> whole;
  for (int i = 0; i < 20; ++i) whole.push_back(bucket(i * 50, i * 50 + 49));
  const CurveOrigin origin{0, 4};
  const auto coarse = curve_columns_of(whole, origin);
  for (int offset = 0; offset < 60; offset += 7) {
    std::vector<store::Bucket> detail;
    for (int i = 0; i < 10; ++i) detail.push_back(bucket(300 + offset + i * 13, 300 + offset + i * 13 + 12));
    const auto columns = with_detail(*coarse, 310 + offset, 400 + offset, detail, origin);
    const auto steps = columns->x(widgets::XAxis::step);
    for (std::size_t i = 1; i < steps.size(); ++i) ASSERT_LT(steps[i - 1], steps[i]) << offset;
    EXPECT_EQ(columns->x(widgets::XAxis::samples)[0], 49 * 4);
    EXPECT_EQ(columns->back().step, 999);
    EXPECT_EQ(columns->extent().least, 0);
  }
  const auto range = steps_between(*coarse, widgets::XAxis::samples, 1000, 1800);
  EXPECT_LE(range.first_step, 250);
  EXPECT_GE(range.last_step, 450);
}

struct Readers : testing::Test {
  testing_support::TemporaryFolder home;
};

TEST_F(Readers, GiveEveryCurveInItsPlace) {
  const LongRuns runs(home.path(), 37, 200);
  CurveReaders readers(home.path() / "history.db");
  CurveReaders::Question question;
  for (const store::RunId id : runs.ids) {
    question.keys.push_back({id, "train/loss"});
    question.ranges.push_back({});
  }
  std::vector<double> firsts;
  readers.ask<double>(
      &readers, u"a"_s, question, [](std::size_t, std::vector<store::Bucket> buckets) { return buckets.front().last; },
      [&](Result<std::vector<double>> read) { firsts = value_or_throw(std::move(read)); });
  ASSERT_TRUE(Bench::until([&] { return !firsts.empty(); }));
  ASSERT_EQ(firsts.size(), runs.ids.size());
  for (std::size_t i = 0; i < firsts.size(); ++i) EXPECT_EQ(firsts[i], runs.values[i][0]) << i;
}

TEST_F(Readers, TellOnlyTheNewestOfTheSameKeyAndFailWhereThereIsNoHistory) {
  const LongRuns runs(home.path(), 3, 50);
  CurveReaders readers(home.path() / "history.db");
  std::vector<int> told;
  for (int i = 0; i < 20; ++i)
    readers.ask<int>(
        &readers, u"a"_s, {{{runs.ids[0], "train/loss"}}, {{}}},
        [](std::size_t, std::vector<store::Bucket>) { return 1; },
        [&told, i](Result<std::vector<int>>) { told.push_back(i); });
  ASSERT_TRUE(Bench::until([&] { return !told.empty(); }));
  EXPECT_THAT(told, ElementsAre(19));
  CurveReaders nowhere(home.path() / "none.db");
  int failures = 0;
  nowhere.ask<int>(
      &nowhere, u"a"_s, {{{1, "train/loss"}}, {{}}}, [](std::size_t, std::vector<store::Bucket>) { return 1; },
      [&](Result<std::vector<int>> read) { failures += read ? 0 : 1; });
  ASSERT_TRUE(Bench::until([&] { return failures > 0; }));
  QTest::qWait(1);
  EXPECT_EQ(failures, 1);
}

}  // namespace
}  // namespace athanor::app
