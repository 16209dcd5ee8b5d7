// The window together with a real agent, whose runs are small and quick.
#include "app/pages/live/live_tables.h"
#include "tests/app/bench.h"
#include "tests/core/agent/home.h"
#include "widgets/feedback/message_bar.h"
#include "widgets/forms/field_editor.h"
#include "widgets/forms/field_row.h"
#include "widgets/forms/form_view.h"
#include "widgets/log/log_ring.h"
#include "widgets/plot/metric_plot.h"

#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPointer>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>

#include <algorithm>
#include <cstdlib>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using store::RunStatus;

struct AgentWindow : testing::Test {
  AgentWindow() { home.start_agent(); }
  Bench make() {
    Bench bench({home.path});
    EXPECT_TRUE(Bench::until([&] { return bench.workbench->link().state() == AgentLink::State::connected; }));
    return bench;
  }
  agent::Home home;
};

void launch(Bench& bench, const QString& notes, int steps) {
  bench.show("experiment");
  bench.workbench->experiment().set_recipe_text(
      QStringLiteral("[run]\nname = \"small\"\nnotes = \"%1\"\n[train]\nwarmup_steps = 0\nsteps = %2\n")
          .arg(notes)
          .arg(steps));
  QTest::mouseClick(bench.experiment().launch_button(), Qt::LeftButton);
}

TEST_F(AgentWindow, LaunchingEnqueuesAndShowsTheRunLive) {
  Bench bench = make();
  launch(bench, u"pace=5"_s, 60);
  ASSERT_TRUE(Bench::until([&] { return bench.window().current_page() == u"live"_s; }));
  const store::RunId id = bench.workbench->live().run_id();
  EXPECT_GT(id, 0);
  EXPECT_TRUE(Bench::until(
      [&] { return bench.workbench->live().run() && bench.workbench->live().run()->status == RunStatus::finished; }));
  EXPECT_EQ(bench.workbench->live().run()->step, 60);
  EXPECT_EQ(home.run(id).name, "small");
}

TEST_F(AgentWindow, CurvesGrowWhileTheRunGoesOn) {
  Bench bench = make();
  launch(bench, u"pace=10"_s, 400);
  ASSERT_TRUE(Bench::until([&] { return bench.workbench->live().run() && !bench.workbench->live().curves().empty(); }));
  const auto samples = [&] { return bench.workbench->live().curves().begin()->second.size(); };
  const std::size_t before = samples();
  EXPECT_TRUE(Bench::until([&] { return samples() > before + 5; }));
  EXPECT_TRUE(store::is_live(bench.workbench->live().run()->status));
  bench.run("live.stop");
  EXPECT_TRUE(Bench::until([&] { return bench.workbench->live().run()->status == RunStatus::stopped; }));
}

TEST_F(AgentWindow, StoppingThenResumingFinishesTheRun) {
  Bench bench = make();
  launch(bench, u"pace=5"_s, 200);
  ASSERT_TRUE(Bench::until([&] { return bench.workbench->live().run() && bench.workbench->live().run()->step > 20; }));
  bench.run("live.stop");
  ASSERT_TRUE(Bench::until([&] { return bench.workbench->live().run()->status == RunStatus::stopped; }));
  EXPECT_TRUE(Bench::until([&] { return bench.window().actions()->reason(u"live.resume"_s).isEmpty(); }));
  bench.run("live.resume");
  EXPECT_TRUE(Bench::until([&] { return bench.workbench->live().run()->status == RunStatus::finished; }));
  EXPECT_EQ(bench.workbench->live().run()->step, 200);
}

TEST_F(AgentWindow, ForkTakesTheRecipeAndTheCheckpoint) {
  Bench bench = make();
  const store::RunId parent = home.enqueue(60);
  ASSERT_EQ(home.wait(parent).status, RunStatus::finished);
  ASSERT_TRUE(
      Bench::until([&] { return bench.list().size() == 1 && bench.list().front().status == RunStatus::finished; }));
  bench.show("runs");
  bench.runs().select(parent);
  bench.run("runs.fork");
  ASSERT_TRUE(Bench::until([&] { return bench.workbench->experiment().fork_of() == parent; }));
  const std::int64_t step = bench.workbench->experiment().fork_step();
  EXPECT_GT(step, 0);
  ASSERT_TRUE(Bench::until([&] { return bench.experiment().form()->text(u"run.name"_s) == u"small"_s; }));
  bench.workbench->experiment().set_field_text("train.steps", u"90"_s);
  bench.run("experiment.launch");
  ASSERT_TRUE(Bench::until([&] { return bench.list().size() == 2; }));
  const store::Run fork = home.wait(bench.list().front().id);
  EXPECT_EQ(fork.parent, parent);
  EXPECT_EQ(fork.fork_step, step);
}

TEST_F(AgentWindow, QueuedRunsSayWhatTheyWaitForAndAreHeldAndMoved) {
  store::QueueSettings limits;
  limits.cores = 1;
  value_or_throw(home.client->limit(limits));
  const store::RunId going_on = home.enqueue(100000);
  const store::RunId first = home.enqueue(5);
  const store::RunId second = home.enqueue(5);
  Bench bench = make();
  bench.show("runs");
  const auto state = [&](store::RunId run) {
    const QAbstractItemModel& model = *bench.runs().table()->model();
    for (int row = 0; row < model.rowCount(); ++row) {
      const QModelIndex cell = model.index(row, static_cast<int>(RunColumn::status));
      if (cell.data(run_id_role).toLongLong() == run) return cell.data().toString();
    }
    return QString();
  };
  ASSERT_TRUE(Bench::until([&] { return state(first) == u"1: waits for 1 core"_s; })) << state(first).toStdString();
  EXPECT_TRUE(Bench::until([&] { return state(second) == u"2: waits for 1 core"_s; })) << state(second).toStdString();
  const ActionRegistry& actions = *bench.window().actions();
  bench.runs().select(second);
  EXPECT_EQ(actions.reason(u"queue.down"_s), u"It is the last in the queue."_s);
  bench.run("queue.up");
  EXPECT_TRUE(Bench::until([&] { return state(second) == u"1: waits for 1 core"_s; })) << state(second).toStdString();
  bench.run("queue.hold");
  EXPECT_TRUE(Bench::until([&] { return state(second) == u"1: held"_s; })) << state(second).toStdString();
  EXPECT_EQ(actions.action(u"queue.hold"_s)->text(), u"Release"_s);
  bench.run("queue.hold");
  EXPECT_TRUE(Bench::until([&] { return state(second) == u"1: waits for 1 core"_s; })) << state(second).toStdString();
  bench.runs().select(going_on);
  EXPECT_FALSE(actions.reason(u"queue.front"_s).isEmpty());
  value_or_throw(home.client->stop(going_on));
  EXPECT_EQ(home.wait(first).status, RunStatus::finished);
  EXPECT_TRUE(Bench::until([&] { return state(first) == u"Finished"_s && state(second) == u"Finished"_s; }));
}

TEST_F(AgentWindow, AlertsAreToldOnceWhileTheyAreNewsAndStandAmongTheDecisions) {
  alerts::Rule rule = alerts::defaults_of(alerts::Kind::nan);
  rule.name = "finite";
  value_or_throw(home.client->add_alert(std::nullopt, rule));
  const store::RunId old = home.enqueue(20, "pace=1 odd=nan odd_from=5 odd_to=5");
  ASSERT_EQ(home.wait(old).status, RunStatus::finished);
  Bench bench = make();
  QSignalSpy told(bench.workbench->history().alerts(), &AlertFollower::told);
  bench.show("runs");
  const store::RunId run = home.enqueue(40, "pace=1 odd=nan odd_from=10 odd_to=12");
  ASSERT_EQ(home.wait(run).status, RunStatus::finished);
  ASSERT_TRUE(Bench::until([&] { return told.count() == 2; })) << told.count();
  EXPECT_EQ(told[0][0].toLongLong(), run);
  EXPECT_EQ(told[0][1].toString(), u"finite: train/loss is nan"_s);
  EXPECT_TRUE(told[0][2].toBool());
  EXPECT_FALSE(told[1][2].toBool()) << "then it was over";
  EXPECT_TRUE(bench.window().message_bar()->text().contains(u"train/loss is nan"_s))
      << bench.window().message_bar()->text().toStdString();
  home.kill_agent();
  ASSERT_EQ(home.call({"rebuild"}).status, 0);
  home.start_agent();
  ASSERT_TRUE(Bench::until([&] { return bench.workbench->link().state() == AgentLink::State::connected; }));
  const store::RunId another = home.enqueue(5);
  ASSERT_TRUE(Bench::until([&] {
    const store::Run* row = bench.workbench->history().find(another);
    return row && row->status == RunStatus::finished;
  }));
  EXPECT_EQ(told.count(), 2);
}

TEST_F(AgentWindow, DeletingIsTakenBackByUndo) {
  const store::RunId id = home.enqueue(20);
  ASSERT_EQ(home.wait(id).status, RunStatus::finished);
  Bench bench = make();
  bench.show("runs");
  ASSERT_TRUE(
      Bench::until([&] { return bench.list().size() == 1 && bench.list().front().status == RunStatus::finished; }));
  bench.runs().select(id);
  QTest::keyClick(bench.runs().table(), Qt::Key_Delete);
  ASSERT_TRUE(Bench::until([&] { return bench.list().empty(); }));
  EXPECT_TRUE(bench.window().message_bar()->isVisible());
  ASSERT_TRUE(Bench::until([&] { return bench.window().actions()->reason(u"edit.undo"_s).isEmpty(); }));
  QTest::keyClick(&bench.window(), Qt::Key_Z, Qt::ControlModifier);
  EXPECT_TRUE(Bench::until([&] { return bench.list().size() == 1; }));
}

TEST_F(AgentWindow, DeletedRunsAreListedRestoredAndDeletedForEver) {
  for (int i = 0; i < 3; ++i) ASSERT_EQ(home.wait(home.enqueue(5)).status, RunStatus::finished);
  value_or_throw(home.client->rename(1, "first"));
  value_or_throw(home.client->erase({1, 2}));
  const std::filesystem::path folder = home.run(1).directory;
  Bench bench = make();
  bench.show("runs");
  ASSERT_TRUE(Bench::until([&] { return bench.list().size() == 1; }));
  EXPECT_EQ(bench.runs().table()->model()->rowCount(), 1);
  EXPECT_FALSE(bench.window().actions()->reason(u"runs.empty"_s).isEmpty());
  bench.run("runs.show_deleted");
  ASSERT_TRUE(Bench::until([&] { return bench.runs().table()->model()->rowCount() == 2; }));
  EXPECT_FALSE(bench.window().actions()->reason(u"runs.resume"_s).isEmpty());
  bench.runs().select(2);
  bench.run("runs.restore");
  ASSERT_TRUE(Bench::until([&] { return bench.list().size() == 2; }));
  EXPECT_TRUE(Bench::until([&] { return bench.window().message_bar()->text().startsWith(u"Restored “small”"_s); }));

  const auto ask = [&]() -> QMessageBox* {
    bench.runs().select(1);
    bench.run("runs.empty");
    QMessageBox* box = nullptr;
    Bench::until([&] { return (box = bench.runs().findChild<QMessageBox*>()) != nullptr && box->isVisible(); });
    return box;
  };
  const auto answer = [](QMessageBox* box, QMessageBox::ButtonRole role) {
    const QPointer<QMessageBox> asked = box;
    for (QAbstractButton* button : box->buttons())
      if (box->buttonRole(button) == role) {
        button->click();
        break;
      }
    EXPECT_TRUE(Bench::until([&] { return asked.isNull(); }));
  };
  QMessageBox* box = ask();
  ASSERT_TRUE(box);
  EXPECT_EQ(box->text(), u"Delete 1 run for ever?"_s);
  EXPECT_TRUE(box->informativeText().contains(u"are free again"_s)) << box->informativeText().toStdString();
  answer(box, QMessageBox::RejectRole);
  EXPECT_TRUE(std::filesystem::exists(folder));
  box = ask();
  ASSERT_TRUE(box);
  answer(box, QMessageBox::DestructiveRole);
  ASSERT_TRUE(Bench::until([&] { return bench.workbench->history().deleted()->runs().empty(); }));
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_TRUE(
      Bench::until([&] { return bench.window().message_bar()->text().startsWith(u"Deleted “first” for ever"_s); }));
  EXPECT_FALSE(bench.runs().table()->isVisible());  // what there is to say instead
  bench.run("runs.show_deleted");
  EXPECT_EQ(bench.runs().table()->model()->rowCount(), 2);
}

TEST_F(AgentWindow, TagsNameNoteAndPinReachTheHistory) {
  const store::RunId id = home.enqueue(20);
  ASSERT_EQ(home.wait(id).status, RunStatus::finished);
  Bench bench = make();
  bench.show("runs");
  ASSERT_TRUE(
      Bench::until([&] { return bench.list().size() == 1 && bench.list().front().status == RunStatus::finished; }));
  bench.runs().select(id);
  bench.run("runs.tags");
  QWidget* tags = bench.window().focusWidget();
  ASSERT_EQ(tags->accessibleName(), u"Tags of the run, separated by commas"_s);
  QTest::keyClicks(tags, u"night, small model"_s);
  QTest::keyClick(tags, Qt::Key_Return);
  ASSERT_TRUE(Bench::until([&] { return bench.list().front().tags.size() == 2; }));
  EXPECT_EQ(bench.list().front().tags[1], "small model");
  bench.run("runs.note");
  QTest::keyClicks(bench.window().focusWidget(), u"worth keeping"_s);
  EXPECT_TRUE(Bench::until([&] { return bench.list().front().note == "worth keeping"; }));
  bench.run("runs.rename");
  QTest::keyClicks(bench.window().focusWidget(), u"renamed"_s);
  QTest::keyClick(bench.window().focusWidget(), Qt::Key_Return);
  EXPECT_TRUE(Bench::until([&] { return bench.list().front().name == "renamed"; }));
  bench.run("runs.pin");
  EXPECT_TRUE(Bench::until([&] { return bench.list().front().pinned; }));
}

TEST_F(AgentWindow, TagsOfSeveralRunsAddToWhatEachHas) {
  for (int i = 0; i < 2; ++i) ASSERT_EQ(home.wait(home.enqueue(5)).status, RunStatus::finished);
  value_or_throw(home.client->set_tags({1}, {"own", "both"}));
  value_or_throw(home.client->set_tags({2}, {"both"}));
  Bench bench = make();
  bench.show("runs");
  const auto tags_of = [&](store::RunId id) {
    const auto runs = bench.list();
    const auto found = std::ranges::find(runs, id, &store::Run::id);
    return found == runs.end() ? std::vector<std::string>() : found->tags;
  };
  ASSERT_TRUE(Bench::until([&] { return tags_of(1).size() == 2 && tags_of(2).size() == 1; }));
  bench.runs().table()->selectAll();
  bench.run("runs.tags");
  auto* tags = qobject_cast<QLineEdit*>(bench.window().focusWidget());
  ASSERT_TRUE(tags);
  EXPECT_EQ(tags->text(), u"both"_s);
  tags->selectAll();
  QTest::keyClicks(tags, u"new"_s);
  QTest::keyClick(tags, Qt::Key_Return);
  EXPECT_TRUE(Bench::until([&] { return tags_of(1) == std::vector<std::string>{"new", "own"}; }));
  EXPECT_TRUE(Bench::until([&] { return tags_of(2) == std::vector<std::string>{"new"}; }));
}

TEST_F(AgentWindow, NoRunGetsTheNameOfAnotherWhereverTheFocusGoes) {
  for (int i = 0; i < 3; ++i) ASSERT_EQ(home.wait(home.enqueue(5)).status, RunStatus::finished);
  for (const store::RunId id : {1, 2, 3}) value_or_throw(home.client->rename(id, "run " + std::to_string(id)));
  value_or_throw(home.client->set_tags({1}, {"one"}));
  Bench bench = make();
  bench.show("runs");
  ASSERT_TRUE(Bench::until([&] { return bench.list().size() == 3 && bench.list().front().name == "run 3"; }));
  bench.runs().select(1);
  bench.runs().table()->selectAll();
  bench.run("runs.tags");  // the field is gone once a single run is selected, and the focus goes on to the next
  for (const store::RunId id : {2, 1, 3}) {
    bench.runs().select(id);
    bench.run("runs.rename");
    EXPECT_EQ(qobject_cast<QLineEdit*>(bench.window().focusWidget())->text(), QStringLiteral("run %1").arg(id));
  }
  bench.runs().table()->selectAll();
  const store::RunId last = home.enqueue(5);  // whatever was wished for is done by its end
  ASSERT_EQ(home.wait(last).status, RunStatus::finished);
  ASSERT_TRUE(Bench::until([&] { return bench.list().size() == 4; }));
  for (const store::RunId id : {1, 2, 3}) EXPECT_EQ(home.run(id).name, "run " + std::to_string(id));
  EXPECT_EQ(home.run(1).tags, std::vector<std::string>{"one"});
  EXPECT_TRUE(home.run(3).tags.empty());
}

TEST_F(AgentWindow, ClosingAsksNothingAndTheRunGoesOn) {
  store::RunId id = 0;
  {
    Bench bench = make();
    launch(bench, u"pace=10"_s, 150);
    ASSERT_TRUE(Bench::until([&] { return bench.workbench->live().run() && bench.workbench->live().run()->step > 5; }));
    id = bench.workbench->live().run_id();
    bench.run("window.close");
    EXPECT_FALSE(bench.window().isVisible());
  }
  EXPECT_TRUE(store::is_live(home.run(id).status));
  EXPECT_EQ(home.wait(id).status, RunStatus::finished);
  Bench again = make();
  EXPECT_EQ(again.list().front().id, id);
  EXPECT_EQ(again.list().front().step, 150);
}

TEST_F(AgentWindow, AFailedRunSaysWhyAboveItsCurves) {
  Bench bench = make();
  launch(bench, u"pace=2 end=crash"_s, 30);
  ASSERT_TRUE(Bench::until(
      [&] { return bench.workbench->live().run() && bench.workbench->live().run()->status == RunStatus::broken; }));
  ASSERT_TRUE(Bench::until([&] {
    const auto* bar = bench.live().findChild<widgets::MessageBar*>();
    return bar && bar->isVisible() && !bar->text().isEmpty();
  }));
  EXPECT_TRUE(bench.live().findChild<widgets::MessageBar*>()->text().contains(u"broke off"_s));
}

TEST_F(AgentWindow, SurvivesTheDeathOfTheAgent) {
  Bench bench = make();
  bench.show("runs");
  home.kill_agent();
  ASSERT_TRUE(Bench::until([&] { return bench.workbench->link().state() == AgentLink::State::idle; }));
  home.start_agent();
  EXPECT_TRUE(Bench::until([&] { return bench.workbench->link().state() == AgentLink::State::connected; }));
  const store::RunId id = home.enqueue(20);
  EXPECT_TRUE(Bench::until([&] { return bench.list().size() == 1 && bench.list().front().id == id; }));
}

TEST_F(AgentWindow, AHistoryThatIsBuiltAnewIsReadAnew) {
  const store::RunId first = home.enqueue(20);
  ASSERT_EQ(home.wait(first).status, RunStatus::finished);
  Bench bench = make();
  bench.show("runs");
  ASSERT_TRUE(Bench::until([&] { return bench.list().size() == 1; }));
  home.kill_agent();
  ASSERT_TRUE(Bench::until([&] { return bench.workbench->link().state() == AgentLink::State::idle; }));
  ASSERT_EQ(home.call({"rebuild"}).status, 0);
  home.start_agent();
  ASSERT_TRUE(Bench::until([&] { return bench.workbench->link().state() == AgentLink::State::connected; }));
  const store::RunId second = home.enqueue(20);
  EXPECT_TRUE(Bench::until([&] { return bench.list().size() == 2 && bench.list().front().id == second; }));
}

// The real program, for only it has ranks that can be lost.
TEST(Developers, LetARankOfARunSufferAFaultAndAreToldHowTheRunWentOn) {
  agent::Home home("home", ATH_BINARY_DIR "/bin/athanor-run");
  std::filesystem::create_directories(home.path);
  const char* prepared = std::getenv("ATHANOR_TEST_DATASETS");
  std::filesystem::create_directory_symlink(prepared ? prepared : ATH_SOURCE_DIR "/build/home/datasets",
                                            home.path / "datasets");
  home.start_agent();
  const auto queued = home.call({"enqueue", ATH_SOURCE_DIR "/experiments/smoke.toml", "--set", "parallel.data=2",
                                 "--set", "parallel.micro_batches=2", "--set", "train.steps=100000"});
  ASSERT_EQ(queued.status, 0) << queued.text;
  Bench bench(BenchOptions{.home = home.path, .developer = true});
  bench.workbench->live().open(1);
  bench.show("live");
  const ActionRegistry& actions = *bench.window().actions();
  ASSERT_TRUE(Bench::until([&] { return actions.reason(u"live.inject"_s).isEmpty(); }))
      << actions.reason(u"live.inject"_s).toStdString();
  bench.run("live.inject");
  const auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
  ASSERT_TRUE(menu);
  QStringList offered;
  const QMenu* kill = nullptr;
  for (QAction* each : menu->actions()) {
    if (!each->menu()) continue;
    offered << each->text();
    EXPECT_EQ(each->menu()->actions().size(), 2);
    if (each->text() == u"Kill"_s) kill = each->menu();
  }
  EXPECT_EQ(offered.size(), 11);  // all that core/ranks/fault_plan.h knows
  ASSERT_TRUE(kill);
  kill->actions().at(1)->trigger();
  const auto said = [&](const QString& words) {
    return Bench::until([&] { return bench.window().message_bar()->text().startsWith(words); });
  };
  EXPECT_TRUE(said(u"Asked run 1 to suffer “kill: rank=1”"_s)) << bench.window().message_bar()->text().toStdString();
  EXPECT_TRUE(said(u"Rank 1 was lost, and the run went on after"_s))
      << bench.window().message_bar()->text().toStdString();
  EXPECT_TRUE(bench.live().recoveries()->isVisible());
  EXPECT_TRUE(store::is_live(bench.workbench->live().run()->status));
  bench.run("live.stop");
  EXPECT_EQ(home.wait(1).status, RunStatus::stopped);
}

TEST_F(AgentWindow, OffersFaultsToDevelopersAloneAndForSeveralRanks) {
  for (const bool developer : {false, true}) {
    Bench bench(BenchOptions{.home = home.path, .developer = developer});
    const auto commands = bench.window().all_commands();
    EXPECT_EQ(
        std::ranges::any_of(commands, [](const widgets::Command& command) { return command.id == u"live.inject"_s; }),
        developer);
    if (!developer) continue;
    const store::RunId id = home.enqueue(100000);
    bench.workbench->live().open(id);
    bench.show("live");
    EXPECT_TRUE(
        Bench::until([&] { return bench.window().actions()->reason(u"live.inject"_s).contains(u"several ranks"_s); }));
    bench.run("live.stop");
    EXPECT_EQ(home.wait(id).status, RunStatus::stopped);
  }
}

}  // namespace
}  // namespace athanor::app
