// The form of an experiment and its recipe text: two views of one recipe, its faults at their fields, the command that
// does the same.
#include "app/feedback/notice.h"
#include "app/pages/experiment/layouts_panel.h"
#include "app/pages/experiment/recipe_editor.h"
#include "app/theme/theme_switch.h"
#include "tests/app/bench.h"
#include "tests/support/temporary_folder.h"
#include "widgets/forms/field_editor.h"
#include "widgets/forms/field_row.h"
#include "widgets/forms/form_view.h"

#include <gtest/gtest.h>

#include <QDir>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalSpy>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

struct Form : testing::Test {
  testing_support::TemporaryFolder home;
  Bench make() { return Bench({home.path()}); }
};

void type(QWidget* widget, const QString& text) {
  auto* line = qobject_cast<QLineEdit*>(widget);
  ASSERT_NE(line, nullptr);
  line->setFocus();
  line->selectAll();
  QTest::keyClicks(line, text);
}

TEST_F(Form, TypingABadValueShowsTheFaultAndSaysWhyLaunchingWaits) {
  Bench bench = make();
  bench.show("experiment");
  widgets::FieldRow* row = bench.experiment().form()->row(u"train.steps"_s);
  EXPECT_TRUE(bench.experiment().launch_button()->isEnabled());
  type(row->editor()->focus_target(), u"0"_s);
  recipe::Recipe bad;
  bad.set("train.steps", std::int64_t{0});
  EXPECT_TRUE(row->verdict().contains(QString::fromStdString(recipe::validate(bad).front().reason)));
  EXPECT_FALSE(bench.experiment().launch_button()->isEnabled());
  EXPECT_TRUE(bench.experiment().launch_reason().startsWith(u"Steps: "_s));
  type(row->editor()->focus_target(), u"12x"_s);
  EXPECT_FALSE(row->verdict().isEmpty());
  EXPECT_FALSE(bench.experiment().launch_button()->isEnabled());
  type(row->editor()->focus_target(), u"120"_s);
  EXPECT_TRUE(row->verdict().isEmpty());
  EXPECT_TRUE(bench.experiment().launch_button()->isEnabled());
}

TEST_F(Form, FormAndRecipeTextAreTwoViewsOfOneExperiment) {
  Bench bench = make();
  bench.show("experiment");
  widgets::FormView* form = bench.experiment().form();
  type(form->row(u"train.steps"_s)->editor()->focus_target(), u"123"_s);
  EXPECT_TRUE(bench.experiment().recipe_editor()->text().contains(u"steps = 123"_s));
  bench.experiment().show_text(true);
  bench.experiment().recipe_editor()->edit()->setPlainText(u"[train]\nsteps = 77\n"_s);
  EXPECT_EQ(form->text(u"train.steps"_s), u"77"_s);
  EXPECT_EQ(bench.experiment().recipe_editor()->text(), u"[train]\nsteps = 77\n"_s);
}

TEST_F(Form, FaultsOfTheTextStandWithTheirLines) {
  Bench bench = make();
  bench.show("experiment");
  bench.experiment().recipe_editor()->edit()->setPlainText(u"[train]\nstepz = 77\nlearning_rate = \"fast\"\n"_s);
  auto* list = bench.experiment().recipe_editor()->findChild<QListWidget*>();
  ASSERT_EQ(list->count(), 2);
  const recipe::Parsed parsed = recipe::parse("[train]\nstepz = 77\nlearning_rate = \"fast\"\n");
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(list->item(i)->text().toStdString(),
              recipe::to_string(parsed.faults[static_cast<std::size_t>(i)], "recipe"));
  EXPECT_FALSE(bench.experiment().launch_button()->isEnabled());
}

TEST_F(Form, CommandLineNamesEveryChangeToTheRecipeFile) {
  Bench bench = make();
  bench.show("experiment");
  EXPECT_TRUE(bench.workbench->experiment().command_line().contains(u"starter.toml"_s));
  type(bench.experiment().form()->row(u"train.steps"_s)->editor()->focus_target(), u"123"_s);
  EXPECT_TRUE(bench.workbench->experiment().command_line().contains(u"--set train.steps=123"_s));
}

TEST_F(Form, CommandLineRunsFromAnyFolder) {
  Bench bench = make();
  ExperimentController& experiment = bench.workbench->experiment();
  const auto file = home.path() / "a recipe.toml";
  std::ofstream(file) << "[train]\nsteps = 77\n";
  QDir::setCurrent(QStringLiteral(ATH_SOURCE_DIR "/experiments"));
  experiment.start_from_file(QString::fromStdString(file.string()));
  EXPECT_TRUE(experiment.command_line().endsWith(u" train '"_s + QString::fromStdString(file.string()) + u'\''))
      << experiment.command_line().toStdString();
  experiment.start_from_file(u"starter.toml"_s);
  EXPECT_FALSE(experiment.command_line().contains(u".."_s));
  EXPECT_TRUE(experiment.command_line().contains(u"/experiments/starter.toml"_s));
  QDir::setCurrent(QStringLiteral(ATH_BINARY_DIR));
  const QByteArray before = qgetenv("HOME");
  qputenv("HOME", QByteArray::fromStdString(home.path().string()));
  experiment.start_from_file(QString::fromStdString(file.string()));
  EXPECT_TRUE(experiment.command_line().endsWith(u" train ~/'a recipe.toml'"_s))
      << experiment.command_line().toStdString();
  qputenv("HOME", before);
}

TEST_F(Form, AForkIsPlannedAsOneAndItsFaultsStandAtTheirFields) {
  const store::RunId parent = fill_history(home.path(), {0, true, false, 300});
  const auto asked = home.path() / "asked";
  const auto program = home.path() / "athanor-run";
  std::ofstream(program) << "#!/bin/sh\ncat > /dev/null\necho \"$@\" > '" << asked.string() << "'\n"
                         << R"(echo '{"faults": [{"field": "model.text_width", "reason": "must be 128"}]}'; exit 2)";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  Bench bench({home.path(), QString::fromStdString(program.string())});
  bench.show("experiment");
  const auto words = [&] {
    std::ifstream in(asked);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_TRUE(Bench::until([&] { return words().find("plan - --json") == 0; }));
  EXPECT_EQ(words().find("--fork"), std::string::npos);
  bench.workbench->experiment().fork_from(parent, 200);
  const std::string folder = bench.list().front().directory;
  EXPECT_TRUE(Bench::until([&] { return words().find("--fork 200 --from " + folder + "\n") != std::string::npos; }))
      << words();
  EXPECT_TRUE(Bench::until(
      [&] { return bench.experiment().form()->row(u"model.text_width"_s)->verdict() == u"must be 128"_s; }));
  EXPECT_FALSE(bench.experiment().launch_button()->isEnabled());
  bench.workbench->experiment().start_from_defaults();
  EXPECT_TRUE(Bench::until([&] { return words().find("--fork") == std::string::npos; })) << words();
}

TEST_F(Form, AForkWhoseCheckpointIsGoneBeginsAtTheNearestThatIsLeftAndSaysSo) {
  const store::RunId parent = fill_history(home.path(), {0, true, false, 500});
  Bench bench({home.path()});
  bench.show("experiment");
  ExperimentController& experiment = bench.workbench->experiment();
  const std::filesystem::path checkpoints = std::filesystem::path(bench.list().front().directory) / "checkpoints";
  experiment.fork_from(parent, 400);
  ASSERT_TRUE(Bench::until([&] { return experiment.fork_steps().has_value(); }));
  EXPECT_EQ(*experiment.fork_steps(), (std::vector<std::int64_t>{300, 400, 500}));
  EXPECT_EQ(bench.experiment().fork_button()->text(), u"step 400"_s);
  const auto note = [&] {
    QString all;
    for (const QLabel* label : bench.experiment().fork_button()->parentWidget()->findChildren<QLabel*>())
      all += label->text() + u' ';
    return all;
  };
  EXPECT_FALSE(note().contains(u"gone"_s));

  std::filesystem::remove_all(checkpoints / "step-400");
  bench.window().show_page(u"runs"_s);
  bench.window().show_page(u"experiment"_s);
  ASSERT_TRUE(Bench::until([&] { return experiment.fork_step() == 300; }));
  EXPECT_TRUE(note().contains(u"Forks run 1 at"_s)) << note().toStdString();
  EXPECT_TRUE(note().contains(u"The checkpoint at step 400 is gone"_s)) << note().toStdString();
  EXPECT_TRUE(experiment.command_line().contains(u"--fork 300"_s));
  Q_EMIT bench.experiment().fork_button()->menu()->aboutToShow();
  QAction* other = nullptr;
  for (QAction* entry : bench.experiment().fork_button()->menu()->actions())
    if (entry->text() == u"step 500"_s) other = entry;
  ASSERT_TRUE(other);
  other->trigger();
  EXPECT_EQ(experiment.fork_step(), 500);
  EXPECT_FALSE(note().contains(u"gone"_s));
  EXPECT_TRUE(bench.experiment().launch_button()->isEnabled());

  std::filesystem::remove_all(checkpoints);
  experiment.read_fork_steps();
  ASSERT_TRUE(Bench::until([&] { return !bench.experiment().launch_button()->isEnabled(); }));
  EXPECT_TRUE(bench.experiment().launch_reason().contains(u"no checkpoint left"_s));
  experiment.start_from_defaults();
  EXPECT_TRUE(bench.experiment().launch_button()->isEnabled());
  EXPECT_FALSE(bench.experiment().fork_button()->isVisible());
}

TEST_F(Form, ChangedFieldsStayMarkedWhenTheLookChanges) {
  Bench bench = make();
  bench.show("experiment");
  widgets::FieldRow* row = bench.experiment().form()->row(u"train.steps"_s);
  type(row->editor()->focus_target(), u"123"_s);
  const auto* label = row->findChild<QLabel*>();
  EXPECT_EQ(label->text(), u"Steps"_s);
  EXPECT_EQ(label->font().weight(), QFont::DemiBold);
  for (const ThemeChoice choice : {ThemeChoice::dark, ThemeChoice::light, ThemeChoice::dark}) {
    bench.workbench->theme().override_choice(choice);
    QTest::qWait(0);
    EXPECT_EQ(label->font().weight(), QFont::DemiBold);
    EXPECT_EQ(QFontInfo(label->font()).weight(), QFont::DemiBold);
  }
}

TEST_F(Form, EveryFaultStandsAtItsFieldAlsoBesideOthersAndWhereFieldsAreFolded) {
  const auto program = home.path() / "athanor-run";
  std::ofstream(program) << "#!/bin/sh\ncat > /dev/null\n"
                         << R"(echo '{"faults": [{"field": "train.steps", "reason": "in the words of the program"},
                                                 {"field": "data.dataset", "reason": "there is none"},
                                                 {"field": "", "reason": "the checkpoint is gone"},
                                                 {"field": "data.workers", "reason": "too many"}]}'; exit 2)";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  Bench bench({home.path(), QString::fromStdString(program.string())});
  bench.show("experiment");
  widgets::FormView* form = bench.experiment().form();
  const auto verdict = [form](const char* field) { return form->row(QString::fromLatin1(field))->verdict(); };
  bench.workbench->experiment().set_field_text("train.steps", u"0"_s);
  EXPECT_TRUE(Bench::until([&] { return verdict("data.dataset") == u"there is none"_s; }));
  EXPECT_EQ(verdict("data.workers"), u"too many"_s);
  EXPECT_FALSE(form->row(u"data.workers"_s)->isHidden());
  EXPECT_FALSE(verdict("train.steps").isEmpty());
  EXPECT_FALSE(verdict("train.steps").contains(u"in the words of the program"_s));  // once is enough
  EXPECT_TRUE(bench.experiment().launch_reason().contains(u"3 more"_s))
      << bench.experiment().launch_reason().toStdString();
}

TEST_F(Form, NothingOfTheFormIsCutInASmallWindow) {
  Bench bench = make();
  bench.window().resize(900, 600);
  bench.show("experiment");
  bench.experiment().form()->show_advanced(true);
  QTest::qWait(0);
  EXPECT_LE(bench.window().width(), 900);
  const auto* area = bench.experiment().form()->findChild<QScrollArea*>();
  EXPECT_LE(area->widget()->minimumSizeHint().width(), area->viewport()->width());
  EXPECT_EQ(area->widget()->width(), area->viewport()->width());
}

TEST_F(Form, AFinetuningRecipeFillsTheFormAndComesBackTheSame) {
  Bench bench = make();
  bench.show("experiment");
  const auto file = std::filesystem::path(ATH_SOURCE_DIR) / "experiments/minilm_adapters.toml";
  bench.workbench->experiment().start_from_file(QString::fromStdString(file.string()));
  widgets::FormView* form = bench.experiment().form();
  EXPECT_EQ(form->text(u"model.text_tower"_s), u"minilm"_s);
  EXPECT_EQ(form->text(u"finetune.freeze"_s), u"text_tower.encoder"_s);
  EXPECT_EQ(form->text(u"finetune.lora_rank"_s), u"8"_s);
  for (const char* id : {"finetune.weights", "finetune.freeze", "finetune.lora_rank", "finetune.lora_targets"})
    EXPECT_FALSE(form->row(QString::fromLatin1(id))->isHidden()) << id;
  // Typed again as it stands, nothing is different from the file.
  for (const char* id : {"finetune.freeze", "finetune.lora_targets", "finetune.lora_alpha"})
    bench.workbench->experiment().set_field_text(id, form->text(QString::fromLatin1(id)));
  const auto parsed = value_or_throw(recipe::parse_file(file.string()));
  EXPECT_EQ(recipe::parse(bench.workbench->experiment().recipe_text().toStdString()).recipe.differences(parsed.recipe),
            std::vector<std::string>());
  EXPECT_FALSE(bench.workbench->experiment().command_line().contains(u"--set"_s));
  bench.workbench->experiment().set_field_text("finetune.freeze", u"text_tower.encoder, logit_scale"_s);
  EXPECT_TRUE(bench.workbench->experiment().command_line().contains(
      u"--set finetune.freeze='[\"text_tower.encoder\", \"logit_scale\"]'"_s))
      << bench.workbench->experiment().command_line().toStdString();
}

TEST_F(Form, MissingDataSetStandsAtItsFieldInTheWordsOfTheProgram) {
  qputenv("ATHANOR_HOME", QByteArray::fromStdString(home.path().string()));
  Bench bench({home.path(), QStringLiteral(ATH_BINARY_DIR "/bin/athanor-run")});
  bench.show("experiment");
  widgets::FieldRow* row = bench.experiment().form()->row(u"data.dataset"_s);
  EXPECT_TRUE(Bench::until([&] { return !row->verdict().isEmpty(); }));
  EXPECT_TRUE(row->verdict().contains(u"there is none"_s)) << row->verdict().toStdString();
  EXPECT_FALSE(bench.experiment().launch_button()->isEnabled());
  qunsetenv("ATHANOR_HOME");
}

TEST_F(Form, ALayoutThatIsTakenOverIsJudgedOnceAsAWhole) {
  Bench bench({home.path()});
  bench.show("experiment");
  ExperimentController& experiment = bench.workbench->experiment();
  const QSignalSpy judged(&experiment, &ExperimentController::judged);
  experiment.take_layout({u"parallel.data=2"_s, u"parallel.micro_batches=2"_s});
  EXPECT_EQ(judged.count(), 1);
  EXPECT_TRUE(experiment.recipe_text().contains(u"micro_batches = 2"_s));
  EXPECT_EQ(bench.experiment().form()->text(u"parallel.data"_s), u"2"_s);
}

TEST_F(Form, LayoutsAreNotLookedForWhileTheRecipeHasFaults) {
  Bench bench({home.path()});
  bench.show("experiment");
  const QPushButton& button = *bench.experiment().layouts_panel()->find_button();
  EXPECT_TRUE(button.isEnabled());
  bench.workbench->experiment().set_field_text("train.steps", u"many"_s);
  EXPECT_FALSE(button.isEnabled());
  EXPECT_TRUE(button.toolTip().contains(u"faults"_s)) << button.toolTip().toStdString();
  EXPECT_EQ(bench.window().actions()->reason(u"experiment.layouts"_s), u"The recipe has faults."_s);
  bench.workbench->experiment().set_field_text("train.steps", u"100"_s);
  EXPECT_TRUE(button.isEnabled());
}

TEST_F(Form, TheQuickestLayoutsAreFoundAndTakenOver) {
  const char* prepared = std::getenv("ATHANOR_TEST_DATASETS");
  std::filesystem::create_directory_symlink(prepared ? prepared : ATH_SOURCE_DIR "/build/home/datasets",
                                            home.path() / "datasets");
  qputenv("ATHANOR_HOME", QByteArray::fromStdString(home.path().string()));
  Bench bench({home.path(), QStringLiteral(ATH_BINARY_DIR "/bin/athanor-run")});
  bench.show("experiment");
  ExperimentController& experiment = bench.workbench->experiment();
  experiment.start_from_file(QStringLiteral(ATH_SOURCE_DIR "/experiments/smoke.toml"));
  LayoutsPanel* panel = bench.experiment().layouts_panel();
  ASSERT_TRUE(Bench::until([&] { return panel->find_button()->isEnabled(); }));
  panel->find_button()->click();
  ASSERT_TRUE(Bench::until([&] { return !experiment.layouts().is_busy(); }));
  ASSERT_FALSE(experiment.layouts().found().empty()) << experiment.layouts().trouble().toStdString();
  const auto& found = experiment.layouts().found();
  const auto other = std::ranges::find_if(found, [](const FoundLayout& layout) { return !layout.set.isEmpty(); });
  ASSERT_NE(other, found.end());
  const QStringList set = other->set;
  Q_EMIT panel->chosen(set);
  ASSERT_TRUE(Bench::until([&] { return experiment.layouts().found().empty(); }));  // they are of the recipe before
  for (const QString& assignment : set)
    EXPECT_EQ(experiment.field_text(s(assignment.section(u'=', 0, 0))), assignment.section(u'=', 1));
  EXPECT_TRUE(experiment.faults().empty());
  qunsetenv("ATHANOR_HOME");
}

}  // namespace
}  // namespace athanor::app
