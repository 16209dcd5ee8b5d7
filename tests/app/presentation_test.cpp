// What lies beneath the window: stores, models, curves, settings, jobs.
#include "app/bridge/job_thread.h"
#include "app/controllers/planner.h"
#include "app/models/query_words.h"
#include "app/models/run_table_model.h"
#include "app/models/run_wishes.h"
#include "app/models/run_words.h"
#include "app/pages/live/live_words.h"
#include "app/pages/live/recovery_words.h"
#include "app/pages/live/timeline_words.h"
#include "app/settings/settings.h"
#include "app/stores/curves.h"
#include "app/stores/run_store.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QSettings>
#include <QSignalSpy>
#include <QTest>

#include <atomic>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <map>
#include <random>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

store::Run run(store::RunId id, const std::string& name, std::int64_t created = 0) {
  store::Run out;
  out.id = id;
  out.name = name;
  out.created_ns = created != 0 ? created : id * 1000;
  out.status = store::RunStatus::finished;
  return out;
}

std::vector<store::RunId> ids(const RunStore& runs) {
  std::vector<store::RunId> out;
  for (const store::Run& one : runs.runs()) out.push_back(one.id);
  return out;
}

struct Table : testing::Test {
  RunStore runs;
  CurveStore curves;
  FigureStore figures;
  QueueStore queue;
  RunTableModel model{&runs, &curves, &figures, &queue};
  QAbstractItemModelTester tester{&model, QAbstractItemModelTester::FailureReportingMode::Fatal};
  [[nodiscard]] QString cell(int row, RunColumn column) const {
    return model.index(row, static_cast<int>(column)).data().toString();
  }
};

TEST_F(Table, ShowsNewestFirstPinnedOnTopWithoutDeleted) {
  store::Run pinned = run(1, "old");
  pinned.pinned = true;
  store::Run deleted = run(4, "gone");
  deleted.deleted_ns = 5;
  runs.apply({run(2, "middle"), pinned, run(3, "new"), deleted});
  EXPECT_THAT(ids(runs), testing::ElementsAre(1, 3, 2));
  EXPECT_EQ(cell(0, RunColumn::name), u"old"_s);
}

TEST_F(Table, ShowsAnotherDamageOfTheSameJournal) {
  store::Run damaged = run(1, "a");
  damaged.damage = {{0, 100, 8, false, "these bytes are not a whole frame"}};
  runs.apply({damaged});
  QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
  runs.apply({damaged});
  EXPECT_EQ(changed.count(), 0);
  damaged.damage[0].bytes = 64;
  runs.apply({damaged});
  EXPECT_EQ(changed.count(), 1);
  EXPECT_EQ(runs.runs().front().damage[0].bytes, 64);
}

TEST_F(Table, ChangesRowsInPlaceInsteadOfResetting) {
  runs.apply({run(1, "a"), run(2, "b"), run(3, "c")});
  QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
  QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
  QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
  store::Run grown = run(2, "b");
  grown.step = 10;
  runs.apply({run(1, "a"), grown, run(3, "c"), run(4, "d")});
  EXPECT_EQ(reset.count(), 0);
  EXPECT_EQ(inserted.count(), 1);
  ASSERT_EQ(changed.count(), 1);
  EXPECT_EQ(changed[0][0].toModelIndex().row(), 2);
}

TEST_F(Table, SameListAgainChangesNothing) {
  runs.apply({run(1, "a"), run(2, "b")});
  QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
  runs.apply({run(1, "a"), run(2, "b")});
  EXPECT_EQ(changed.count(), 0);
}

TEST_F(Table, FollowsAnySequenceOfLists) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<store::Run> list;
    for (store::RunId id = 1; id <= 24; ++id) {
      if (random() % 3 == 0) continue;
      store::Run one = run(id, std::to_string(id));
      one.pinned = random() % 5 == 0;
      one.step = static_cast<std::int64_t>(random() % 4);
      list.push_back(one);
    }
    auto expected = list;
    std::stable_sort(expected.begin(), expected.end(), [](const store::Run& a, const store::Run& b) {
      return a.pinned != b.pinned ? a.pinned : a.created_ns > b.created_ns;
    });
    runs.apply(std::move(list));
    ASSERT_EQ(model.rowCount(), static_cast<int>(expected.size()));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(runs.runs()[i].id, expected[i].id);
      ASSERT_EQ(runs.runs()[i].step, expected[i].step);
    }
  }
}

// Any search and order while runs come, change, move and go: rows as one who sorts all of them anew has them, and a
// selection stays with its run.
TEST_F(Table, StaysSortedAndSearchedWhateverBecomesOfRuns) {
  std::mt19937 random(8);
  RunOrder order(&runs, &curves, &figures);
  std::map<store::RunId, store::Run> truth;
  const auto change = [&](store::RunId id) {
    store::Run one = run(id, (random() % 2 == 0 ? "alpha-" : "beta-") + std::to_string(random() % 9));
    one.pinned = random() % 5 == 0;
    if (random() % 4 != 0) one.last["train/loss"] = static_cast<double>(random() % 5);
    return one;
  };
  for (int round = 0; round < 400; ++round) {
    if (round % 25 == 0) {
      const int column = static_cast<int>(random() % 13) - 1;
      const auto direction = round % 2 == 0 ? Qt::AscendingOrder : Qt::DescendingOrder;
      model.sort(column, direction);
      order.sort_by(column < 0 ? std::nullopt : std::optional(static_cast<RunColumn>(column)), direction);
    }
    if (round % 40 == 0) {
      const QString typed = round % 80 == 0 ? u"alpha"_s : QString();
      model.set_search(typed);
      EXPECT_TRUE(order.set_search(typed).empty());
    }
    const QPersistentModelIndex kept =
        model.rowCount() > 0 ? model.index(static_cast<int>(random()) % model.rowCount(), 2) : QModelIndex();
    const qint64 kept_run = kept.data(run_id_role).toLongLong();
    store::RunChanges changes{.newest = round};
    for (int i = 0; i < 3; ++i) {
      const auto id = static_cast<store::RunId>(1 + random() % 24);
      if (random() % 4 == 0) {
        if (truth.erase(id) > 0) changes.gone.push_back(id);
        std::erase_if(changes.changed, [id](const store::Run& one) { return one.id == id; });
        continue;
      }
      std::erase(changes.gone, id);
      std::erase_if(changes.changed, [id](const store::Run& one) { return one.id == id; });
      changes.changed.push_back(truth[id] = change(id));
    }
    runs.apply(std::move(changes));
    RunStore fresh;
    std::vector<store::Run> list;
    for (const auto& [id, one] : truth) list.push_back(one);
    fresh.apply(std::move(list));
    ASSERT_EQ(ids(runs), ids(fresh));
    std::vector<store::RunId> shown;
    for (int row = 0; row < model.rowCount(); ++row) shown.push_back(model.run_at(row)->id);
    ASSERT_EQ(shown, order.arranged()) << "round " << round;
    if (kept.isValid()) {
      EXPECT_EQ(kept.data(run_id_role).toLongLong(), kept_run);
    }
  }
}

TEST_F(Table, UnknownFiguresAreDashesAndSortLastEitherWay) {
  store::Run good = run(1, "good"), bad = run(2, "bad"), none = run(3, "none");
  good.last["train/loss"] = 1;
  bad.last["train/loss"] = 3;
  runs.apply({good, bad, none});
  EXPECT_EQ(cell(0, RunColumn::loss), u"–"_s);
  const auto order = [&](Qt::SortOrder direction) {
    model.sort(static_cast<int>(RunColumn::loss), direction);
    QStringList names;
    for (int row = 0; row < model.rowCount(); ++row)
      names << model.index(row, static_cast<int>(RunColumn::name)).data().toString();
    return names;
  };
  EXPECT_EQ(order(Qt::AscendingOrder), (QStringList{u"good"_s, u"bad"_s, u"none"_s}));
  EXPECT_EQ(order(Qt::DescendingOrder), (QStringList{u"bad"_s, u"good"_s, u"none"_s}));
}

TEST_F(Table, SearchLooksAtNamesTagsNotesAndStates) {
  store::Run tagged = run(1, "alpha");
  tagged.tags = {"night"};
  store::Run failed = run(2, "beta");
  failed.status = store::RunStatus::failed;
  failed.note = "diverged after warm-up";
  runs.apply({tagged, failed});
  const auto hits = [&](const QString& typed) {
    model.set_search(typed);
    return model.rowCount();
  };
  EXPECT_EQ(hits(u"NIGHT"_s), 1);
  EXPECT_EQ(hits(u"warm beta"_s), 1);
  EXPECT_EQ(hits(u"is:failed"_s), 1);
  EXPECT_EQ(hits(u"is:live"_s), 0);
  EXPECT_EQ(hits({}), 2);
}

TEST_F(Table, AsksForMetricsAndFieldsOfRecipesWhenAQueryNamesThem) {
  figures.set_metric_names({"eval/t2i_r1", "train/loss"});
  runs.apply({run(1, "alpha"), run(2, "beta"), run(3, "gamma")});
  const auto names = [&] {
    QStringList all;
    for (int row = 0; row < model.rowCount(); ++row)
      all << model.index(row, static_cast<int>(RunColumn::name)).data().toString();
    return all;
  };
  model.set_search(u"min(train/loss) < 0.5 and batch_size > 100"_s);
  ASSERT_TRUE(model.faults().empty()) << fault_words(model.search(), model.faults()).toStdString();
  EXPECT_EQ(names(), QStringList()) << "nothing is known yet";
  const FigureStore::Wanted wanted = figures.take_wanted();
  ASSERT_THAT(wanted.metrics, testing::ElementsAre("train/loss"));
  ASSERT_THAT(wanted.settings, testing::ElementsAre("data.batch_size"));
  store::MetricFacts low, high;
  low.minimum = 0.25;
  high.minimum = 0.75;
  figures.set_metric("train/loss", {{1, low}, {2, low}, {3, high}});
  figures.set_setting("data.batch_size", {{1, 128.0}, {2, 64.0}, {3, 128.0}});
  EXPECT_EQ(names(), QStringList{u"alpha"_s});
  EXPECT_TRUE(figures.take_wanted().metrics.empty());

  // What is half typed changes nothing, and says what is wrong.
  model.set_search(u"min(train/loss) <"_s);
  EXPECT_EQ(fault_words(model.search(), model.faults()), u"Something is missing at the end."_s);
  EXPECT_EQ(names(), QStringList{u"alpha"_s});
  model.set_search(u"stps > 3"_s);
  EXPECT_EQ(fault_words(model.search(), model.faults()),
            u"“stps” is no field, parameter or metric. Perhaps steps is meant."_s);
  model.set_search({});
  EXPECT_EQ(names().size(), 3);
  EXPECT_EQ(fault_words({}, model.faults()), QString());
}

TEST(RunWords, PaceAndTimeLeft) {
  store::Run live = run(1, "x");
  live.status = store::RunStatus::running;
  live.started_ns = 1'000'000'000;
  live.step = 100;
  live.steps = 300;
  live.last["train/step_ms"] = 50;  // of one step: no pace
  CurveStore curves;
  EXPECT_TRUE(std::isnan(pace_of(live, curves, 0)));
  curves.set({{live.id, {100, {}, 2.0}}});
  EXPECT_DOUBLE_EQ(pace_of(live, curves, 0), 2.0);
  EXPECT_DOUBLE_EQ(seconds_left(live, pace_of(live, curves, 0)), 100.0);
  live.status = store::RunStatus::finished;
  live.ended_ns = 51'000'000'000;
  EXPECT_DOUBLE_EQ(duration_of(live, 0), 50.0);
  EXPECT_LT(seconds_left(live, 2.0), 0);
  curves.set({{live.id, {100, {}}}});  // of a run that tells no times
  EXPECT_DOUBLE_EQ(pace_of(live, curves, 0), 2.0);
}

TEST(CurveStore, ForgetsNoRunThatIsThere) {
  CurveStore curves;
  for (store::RunId id = 1; id <= 20'001; ++id) curves.set({{id, {1, {}, 1.0}}});
  EXPECT_NE(curves.find(1), nullptr);
  curves.keep_only({run(1, "opened")}, {run(20'001, "deleted")});
  EXPECT_NE(curves.find(1), nullptr);
  EXPECT_EQ(curves.find(2), nullptr);
}

TEST(RunWishes, SayWhyNot) {
  store::Run one = run(1, "x");
  one.step = 10;
  EXPECT_FALSE(why_not_stop(one).isEmpty());
  EXPECT_FALSE(why_not_resume(one).isEmpty());  // finished
  one.status = store::RunStatus::stopped;
  EXPECT_TRUE(why_not_resume(one).isEmpty());
  EXPECT_FALSE(resuming_starts_again(one));
  one.step = 0;
  EXPECT_TRUE(resuming_starts_again(one));
  one.status = store::RunStatus::running;
  EXPECT_TRUE(why_not_stop(one).isEmpty());
  EXPECT_FALSE(why_not_resume(one).isEmpty());
  one.status = store::RunStatus::stopping;
  EXPECT_FALSE(why_not_stop(one).isEmpty());
}

TEST(RunWords, AForkIsJudgedByItsOwnSteps) {
  store::Run fork = run(2, "fork");
  fork.parent = 1;
  fork.fork_step = 40;
  fork.step = 40;
  fork.steps = 60;
  fork.started_ns = 1'000'000'000;
  fork.ended_ns = 3'000'000'000;
  fork.status = store::RunStatus::failed;
  CurveStore curves;
  curves.set({{fork.id, {40, {}}}});
  EXPECT_EQ(own_steps(fork), 0);
  EXPECT_TRUE(std::isnan(pace_of(fork, curves, 0)));
  QString words = progress_words(fork, 0, kNan).join(u'|');
  EXPECT_FALSE(words.contains(u"40"_s)) << words.toStdString();
  EXPECT_FALSE(words.contains(u"steps/s"_s)) << words.toStdString();
  EXPECT_FALSE(trouble_of(fork, {}).remedy.contains(u"checkpoint"_s));
  fork.status = store::RunStatus::running;
  words = progress_words(fork, 0, kNan).join(u'|');
  EXPECT_TRUE(words.contains(u"from step 40 of run 1"_s)) << words.toStdString();
  fork.step = 44;
  fork.status = store::RunStatus::stopped;
  EXPECT_DOUBLE_EQ(pace_of(fork, curves, 0), 2.0);  // its own four steps in two seconds
}

std::vector<store::Point> points(std::initializer_list<double> values) {
  std::vector<store::Point> out;
  for (const double value : values)
    out.push_back(
        {static_cast<std::int64_t>(out.size()), static_cast<std::int64_t>(out.size()) * 1'000'000'000, value});
  return out;
}

TEST(Smoothing, OfNothingLeavesTheValues) {
  EXPECT_THAT(smoothed(points({1, 5, 2}), 0), testing::ElementsAre(1, 5, 2));
}

TEST(Smoothing, IsAWeightedMeanWithoutABiasTowardsZero) {
  const auto line = smoothed(points({4, 4, 4, 8}), 0.5);
  EXPECT_DOUBLE_EQ(line[0], 4);
  EXPECT_DOUBLE_EQ(line[2], 4);
  EXPECT_DOUBLE_EQ(line[3], (8 * 0.5 + 4 * 0.25 + 4 * 0.125 + 4 * 0.0625) / 0.9375);
}

TEST(Smoothing, PassesOverWhatIsNotFinite) {
  const auto line = smoothed(points({2, kNan, 2}), 0.9);
  EXPECT_TRUE(std::isnan(line[1]));
  EXPECT_DOUBLE_EQ(line[2], 2);
}

TEST(Smoothing, ColumnsTakeTheLineOfAllSamplesAndKeepEverySpike) {
  std::vector<store::Point> many;
  for (int i = 0; i < 1000; ++i) many.push_back({i, i, i == 501 ? 100.0 : 1.0});
  const auto columns = smoothed_columns(many, 0.9, 10, 0);
  const auto line = smoothed(many, 0.9);
  ASSERT_EQ(columns.size(), 10U);
  EXPECT_DOUBLE_EQ(columns[5].maximum, 100);
  EXPECT_DOUBLE_EQ(columns[5].line, line[599]);
  EXPECT_EQ(columns[5].count, 100);
}

TEST(Planner, ReadsWhyThereIsNoPlan) {
  const auto faulty = Planner::read_refusal(
      R"({"error": {"intention": "use the recipe", "cause": "two faults"},
          "faults": [{"line": 8, "field": "data.dataset", "reason": "there is none"},
                     {"line": 0, "field": "", "reason": "there is no such checkpoint"}]})");
  EXPECT_EQ(faulty.faults,
            (std::vector<recipe::Fault>{{8, "data.dataset", "there is none"}, {0, "", "there is no such checkpoint"}}));
  EXPECT_TRUE(faulty.trouble.isEmpty());
  const auto failed = Planner::read_refusal(R"({"error": {"intention": "plan", "cause": "no memory is left"}})");
  EXPECT_TRUE(failed.faults.empty());
  EXPECT_TRUE(failed.trouble.contains(u"no memory is left"_s)) << failed.trouble.toStdString();
  EXPECT_TRUE(Planner::read_refusal("Killed").trouble.isEmpty());
}

TEST(LivePlots, DrawTheLossOfAnEvaluationAmongTheLosses) {
  for (const PlotSpec& plot : live_plots()) {
    const auto is_loss = [](const PlotMetric& metric) { return metric.name.ends_with("/loss"); };
    const auto losses = std::ranges::count_if(plot.metrics, is_loss);
    EXPECT_EQ(losses, plot.id == std::string_view("loss") ? 2 : 0) << plot.id;
  }
}

TEST(Settings, ComeBackAndLeaveForeignKeysAlone) {
  const testing_support::TemporaryFolder folder;
  QSettings(QString::fromStdString((folder / "settings.ini").string()), QSettings::IniFormat)
      .setValue(u"future/thing"_s, 7);
  {
    Settings settings(folder / "settings.ini");
    EXPECT_EQ(settings.text(Setting::theme), u"system"_s);
    settings.set(Setting::theme, u"dark"_s);
    settings.set(Setting::live_smoothing, 0.5);
  }
  Settings again(folder / "settings.ini");
  EXPECT_EQ(again.text(Setting::theme), u"dark"_s);
  EXPECT_DOUBLE_EQ(again.value(Setting::live_smoothing).toDouble(), 0.5);
  EXPECT_EQ(QSettings(QString::fromStdString((folder / "settings.ini").string()), QSettings::IniFormat)
                .value(u"future/thing"_s)
                .toInt(),
            7);
}

TEST(JobThread, DeliversOnTheThreadThatAsked) {
  JobThread jobs;
  QObject guard;
  const auto here = std::this_thread::get_id();
  bool done = false;
  jobs.post(&guard, {}, [&](const std::stop_token&) -> JobThread::Deliver {
    EXPECT_NE(std::this_thread::get_id(), here);
    return [&] {
      EXPECT_EQ(std::this_thread::get_id(), here);
      done = true;
    };
  });
  EXPECT_TRUE(QTest::qWaitFor([&] { return done; }));
}

TEST(LiveWords, PaceIsThatOfMostStepsAndTheForecastEndsWithTheRun) {
  std::vector<double> step_ms(20, 100);
  step_ms.back() = 0.5;  // one step right after a resumption
  EXPECT_DOUBLE_EQ(typical_pace(step_ms), 10);
  EXPECT_TRUE(std::isnan(typical_pace({})));
  // Two slow steps in five are no exceptions: they count.
  std::vector<double> mixed;
  for (int i = 0; i < 10; ++i) mixed.insert(mixed.end(), {1, 17, 1, 17, 1});
  EXPECT_NEAR(typical_pace(mixed), 1000 / 7.0, 1e-9);
  store::Run run;
  run.step = 200;
  run.steps = 400;
  run.started_ns = 1;
  run.status = store::RunStatus::running;
  EXPECT_TRUE(progress_words(run, 50'000'000'001, 10).contains(u"20\u00a0s left"_s));
  run.status = store::RunStatus::stopped;
  run.ended_ns = 20'000'000'001;
  EXPECT_TRUE(progress_words(run, 50'000'000'001, 10).filter(u"left"_s).isEmpty());

  std::vector<store::Occurrence> checked(1);
  checked[0].payload = journal::PredictionChecked{10, 11, 10, 1 << 20, 1 << 20, 40, 44};
  EXPECT_EQ(check_words(checked, store::RunStatus::running).size(), 3U);
  EXPECT_EQ(check_words(checked, store::RunStatus::stopped).size(), 2U);
}

std::vector<EventWords> words_of(std::vector<journal::Payload> payloads) {
  std::vector<store::Occurrence> occurrences;
  for (journal::Payload& payload : payloads)
    occurrences.push_back({static_cast<std::int64_t>(occurrences.size()) + 1, 1, std::move(payload)});
  return event_words(occurrences);
}

template <std::size_t... kind>
std::vector<journal::Payload> one_of_every_kind(std::index_sequence<kind...>) {
  return {std::variant_alternative_t<kind, journal::Payload>{}...};
}

TEST(LiveWords, EveryKindOfEventIsToldOrHasAPlaceOfItsOwn) {
  for (journal::Payload& payload :
       one_of_every_kind(std::make_index_sequence<std::variant_size_v<journal::Payload>>{})) {
    const bool elsewhere =
        std::holds_alternative<journal::MetricSamples>(payload) || std::holds_alternative<journal::Span>(payload) ||
        std::holds_alternative<journal::DeviceSample>(payload) ||
        std::holds_alternative<journal::RetrievalSample>(payload) || std::holds_alternative<journal::LogLine>(payload);
    const std::size_t kind = payload.index();
    if (auto* alert = std::get_if<journal::Alert>(&payload)) alert->text = "the loss jumped";
    EXPECT_EQ(words_of({payload}).size(), elsewhere ? 0U : 1U) << "kind " << kind;
  }
}

TEST(LiveWords, ChangesOfNumberFormatSayWhereAndWhy) {
  const journal::PrecisionChange one{120, "text_tower.blocks.1.mlp.up", "forward", "bf16", "fp8-block", "quiet", {}};
  journal::PrecisionChange other = one;
  other.layer = "image_tower.head";
  other.pass = "backward";
  const auto alone = words_of({one});
  ASSERT_EQ(alone.size(), 1U);
  EXPECT_EQ(alone[0].step, u"120"_s);
  EXPECT_EQ(alone[0].text, u"text_tower.blocks.1.mlp.up, forward: bf16 → fp8-block (quiet)"_s);
  journal::PrecisionChange later = one;
  later.step = 140;
  const auto together = words_of({one, other, later});
  ASSERT_EQ(together.size(), 2U);  // newest first; those of one step in one row
  EXPECT_EQ(together[0].step, u"140"_s);
  EXPECT_TRUE(together[1].text.contains(u'2')) << together[1].text.toStdString();
  EXPECT_TRUE(together[1].detail.contains(u"image_tower.head, backward"_s)) << together[1].detail.toStdString();
  EXPECT_TRUE(together[1].detail.contains(u"mlp.up, forward"_s));
}

TEST(LiveWords, AStragglerIsNamedWithWhatToDoAndWhenItHasCaughtUp) {
  const journal::StragglerSeen seen{96, 3, 49, 0.5, false, false, "see what else runs there"};
  journal::StragglerSeen over = seen;
  over.is_over = true;
  const auto shifted = words_of({journal::WorkShifted{100, "4, 4", "6, 2", 0.25}});
  ASSERT_EQ(shifted.size(), 1U);
  EXPECT_TRUE(shifted[0].text.contains(u"6, 2 instead of 4, 4"_s)) << shifted[0].text.toStdString();
  const auto moved = words_of({journal::WorkShifted{100, "4, 4", "6, 2", 0.25, true}});
  EXPECT_TRUE(moved.at(0).text.startsWith(u"Layers of the stages: 6, 2"_s)) << moved.at(0).text.toStdString();
  const auto words = words_of({seen, over});
  ASSERT_EQ(words.size(), 2U);  // newest first
  EXPECT_TRUE(words[0].text.contains(u"caught up"_s)) << words[0].text.toStdString();
  EXPECT_EQ(words[1].step, u"96"_s);
  for (const QString& word : {u"Rank 3"_s, u"50"_s, u"49"_s, u"see what else"_s})
    EXPECT_TRUE(words[1].text.contains(word)) << words[1].text.toStdString();
}

TEST(LiveWords, TheTableOfEventsIsBoundedAndSaysSo) {
  std::vector<journal::Payload> many;
  for (std::int64_t step = 1; step <= 2000; ++step) many.emplace_back(journal::CheckpointWritten{step, 1, 1, "x"});
  const auto rows = words_of(std::move(many));
  ASSERT_EQ(rows.size(), 501U);
  EXPECT_EQ(rows.front().step, u"2,000"_s);
  EXPECT_TRUE(rows.back().text.contains(u"--events"_s));
}

TEST(LiveWords, SayWhereTheTimeOfARecoveryWentAsFarAsItIsKnown) {
  const journal::Recovery recovery{29, "what the ranks hold in memory", 2, 4, 13.2, 0.5, 180, 42, -1};
  const std::vector<store::Occurrence> seen = {{0, 0, journal::Recovery{10, "the start", 1, 4, 13.2, 0.5, 180}},
                                               {1, 1, recovery},
                                               {2, 2, journal::Recovery{20, "checkpoint step-20"}}};
  const auto events = event_words(seen);
  EXPECT_EQ(events.at(0).text, u"Went on from checkpoint step-20"_s);
  EXPECT_EQ(events.at(1).text,
            u"Went on from what the ranks hold in memory (noticed after 13.2\u00a0ms · decided in "
            u"500\u00a0µs · all ranks there after 180\u00a0ms · one state in 42\u00a0ms)"_s);
  EXPECT_EQ(markers_of(run(2, "one"), seen).at(1).text, u"rank 2 lost"_s);
  const auto rows = recovery_rows(seen);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].spent.last(), u"–"_s);
  EXPECT_EQ(rows[0].whole, u"235.7\u00a0ms"_s);
  EXPECT_EQ(went_on_text(recovery), u"went on after 235.7\u00a0ms"_s);
  EXPECT_EQ(rows[1].whole, u"–"_s);
}

TEST(LiveWords, MarkersSayHowTheRunCameThere) {
  using journal::Recovery;
  using journal::RunState;
  using journal::StateChanged;
  std::vector<store::Occurrence> seen;
  for (journal::Payload payload : std::initializer_list<journal::Payload>{
           StateChanged{RunState::preparing, {}}, Recovery{40, {}}, StateChanged{RunState::running, {}},
           Recovery{80, {}}, StateChanged{RunState::preparing, {}}, Recovery{60, {}},
           StateChanged{RunState::running, {}}, StateChanged{RunState::finished, {}}})
    seen.push_back({static_cast<std::int64_t>(seen.size()) + 1, 1, std::move(payload)});
  store::Run one = run(2, "fork");
  const auto words = [&] {
    QStringList out;
    for (const widgets::PlotMarker& marker : markers_of(one, seen))
      out << QString::number(marker.step) + u' ' + marker.text;
    return out;
  };
  EXPECT_EQ(words(), QStringList({u"40 resumed"_s, u"80 went back"_s, u"60 resumed"_s}));
  one.parent = 1;
  one.fork_step = 40;
  EXPECT_EQ(words(), QStringList({u"40 forked"_s, u"80 went back"_s, u"60 resumed"_s}));
}

TEST(JobThread, NewerRequestsReplaceOlderOnesOfTheirKey) {
  JobThread jobs;
  QObject guard;
  std::vector<int> delivered;
  for (int i = 0; i < 20; ++i)
    jobs.post(&guard, u"same"_s, [&, i](const std::stop_token&) -> JobThread::Deliver {
      return [&delivered, i] { delivered.push_back(i); };
    });
  EXPECT_TRUE(QTest::qWaitFor([&] { return !delivered.empty(); }));
  QTest::qWait(30);
  EXPECT_EQ(delivered, std::vector<int>{19});
}

TEST(JobThread, TellsNobodyWhoIsGone) {
  JobThread jobs;
  auto guard = std::make_unique<QObject>();
  std::atomic<bool> ran = false;
  bool told = false;
  jobs.post(guard.get(), {}, [&](const std::stop_token&) -> JobThread::Deliver {
    ran = true;
    return [&] { told = true; };
  });
  while (!ran) std::this_thread::yield();
  guard.reset();
  QTest::qWait(30);
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace athanor::app
