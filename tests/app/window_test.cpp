// The window over a history, without an agent.
#include "app/models/run_table_model.h"
#include "app/pages/experiment/recipe_editor.h"
#include "app/pages/parts/page_parts.h"
#include "app/theme/theme_switch.h"
#include "core/store/writer.h"
#include "tests/app/bench.h"
#include "tests/support/temporary_folder.h"
#include "widgets/common/cell_roles.h"
#include "widgets/common/theme.h"
#include "widgets/feedback/empty_page.h"
#include "widgets/feedback/message_bar.h"
#include "widgets/forms/field_editor.h"
#include "widgets/forms/field_row.h"
#include "widgets/forms/form_view.h"
#include "widgets/gallery/retrieval_board.h"
#include "widgets/log/log_ring.h"
#include "widgets/palette/command_palette.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/tables/search_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QDir>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSet>
#include <QTableView>
#include <QTableWidget>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

struct Window : testing::Test {
  testing_support::TemporaryFolder home;
  Bench make(int runs, bool rich = false) {
    if (runs > 0 || rich) fill_history(home.path(), {runs, rich, true, 120});
    return Bench({home.path()});
  }
};

void type(QWidget* widget, const QString& text) {
  auto* line = qobject_cast<QLineEdit*>(widget);
  ASSERT_NE(line, nullptr);
  line->setFocus();
  line->selectAll();
  QTest::keyClicks(line, text);
}

TEST_F(Window, EmptyHistoryShowsAWayForward) {
  Bench bench = make(0);
  bench.show("runs");
  auto* empty = bench.runs().findChild<widgets::EmptyPage*>();
  ASSERT_TRUE(empty && empty->isVisible());
  EXPECT_EQ(empty->title(), u"No runs yet"_s);
  QTest::mouseClick(empty->findChild<QPushButton*>(), Qt::LeftButton);
  EXPECT_EQ(bench.window().current_page(), u"experiment"_s);
}

TEST_F(Window, TypingABadValueShowsTheFaultAndSaysWhyLaunchingWaits) {
  Bench bench = make(0);
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

TEST_F(Window, FormAndRecipeTextAreTwoViewsOfOneExperiment) {
  Bench bench = make(0);
  bench.show("experiment");
  widgets::FormView* form = bench.experiment().form();
  type(form->row(u"train.steps"_s)->editor()->focus_target(), u"123"_s);
  EXPECT_TRUE(bench.experiment().recipe_editor()->text().contains(u"steps = 123"_s));
  bench.experiment().show_text(true);
  bench.experiment().recipe_editor()->edit()->setPlainText(u"[train]\nsteps = 77\n"_s);
  EXPECT_EQ(form->text(u"train.steps"_s), u"77"_s);
  EXPECT_EQ(bench.experiment().recipe_editor()->text(), u"[train]\nsteps = 77\n"_s);
}

TEST_F(Window, FaultsOfTheTextStandWithTheirLines) {
  Bench bench = make(0);
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

TEST_F(Window, CommandLineNamesEveryChangeToTheRecipeFile) {
  Bench bench = make(0);
  bench.show("experiment");
  EXPECT_TRUE(bench.workbench->experiment().command_line().contains(u"starter.toml"_s));
  type(bench.experiment().form()->row(u"train.steps"_s)->editor()->focus_target(), u"123"_s);
  EXPECT_TRUE(bench.workbench->experiment().command_line().contains(u"--set train.steps=123"_s));
}

TEST_F(Window, CommandLineRunsFromAnyFolder) {
  Bench bench = make(0);
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

TEST_F(Window, SearchNarrowsTheTableAndCanBeCleared) {
  Bench bench = make(24);
  bench.show("runs");
  QAbstractItemModel* model = bench.runs().table()->model();
  EXPECT_EQ(model->rowCount(), 24);
  bench.runs().search_line()->search_now(u"is:failed"_s);
  EXPECT_EQ(model->rowCount(), 3);
  bench.runs().search_line()->search_now(u"nothing like this"_s);
  auto* empty = bench.runs().findChild<widgets::EmptyPage*>();
  EXPECT_TRUE(empty->isVisible());
  EXPECT_EQ(empty->title(), u"No run fits the search"_s);
  QTest::mouseClick(empty->findChild<QPushButton*>(), Qt::LeftButton);
  EXPECT_EQ(model->rowCount(), 24);
}

TEST_F(Window, InlineCurvesComeForTheRowsInView) {
  Bench bench = make(12);
  bench.show("runs");
  const QModelIndex cell = bench.runs().table()->model()->index(0, static_cast<int>(RunColumn::curve));
  EXPECT_TRUE(Bench::until([&] { return !cell.data(widgets::curve_role).value<QList<double>>().isEmpty(); }));
}

TEST_F(Window, SortedByPaceTheTableReadsThatOfEveryRun) {
  Bench bench = make(150);
  bench.show("runs");
  QTableView* table = bench.runs().table();
  const auto pace = [&](int row) {
    return table->model()->index(row, static_cast<int>(RunColumn::speed)).data(sort_role).toDouble();
  };
  EXPECT_TRUE(std::isnan(pace(149)));  // not in view
  table->sortByColumn(static_cast<int>(RunColumn::speed), Qt::DescendingOrder);
  EXPECT_TRUE(Bench::until([&] { return !std::isnan(pace(149)); }));
  for (int row = 1; row < 150; ++row) EXPECT_GE(pace(row - 1), pace(row)) << row;
}

TEST_F(Window, PaletteRunsAnAction) {
  Bench bench = make(0);
  bench.show("experiment");
  QTest::keyClick(&bench.window(), Qt::Key_K, Qt::ControlModifier);
  widgets::CommandPalette* palette = bench.window().palette_view();
  ASSERT_TRUE(palette->isVisible());
  QTest::keyClicks(palette->line(), u"go to the runs"_s);
  QTest::keyClick(palette->line(), Qt::Key_Return);
  EXPECT_EQ(bench.window().current_page(), u"runs"_s);
}

TEST_F(Window, ActionsSayWhyTheyCannotRunAndShareNoKeys) {
  Bench bench = make(3, true);
  for (const char* page : {"runs", "experiment", "live", "preferences"}) bench.show(page);
  EXPECT_EQ(bench.window().actions()->conflicts(), QStringList());
  for (const widgets::Command& command : bench.window().actions()->commands()) {
    EXPECT_FALSE(command.text.isEmpty());
    EXPECT_FALSE(command.context.isEmpty()) << command.id.toStdString();
    EXPECT_EQ(command.enabled, command.why_not.isEmpty()) << command.id.toStdString();
  }
}

TEST_F(Window, EveryFocusableWidgetIsNamed) {
  Bench bench = make(3, true);
  for (const char* page : {"runs", "experiment", "live", "preferences"}) bench.show(page);
  bench.experiment().form()->show_advanced(true);
  bench.experiment().show_text(true);
  for (const QWidget* widget : bench.window().findChildren<QWidget*>()) {
    if (widget->focusPolicy() == Qt::NoFocus || widget->objectName().startsWith(u"qt_"_s)) continue;
    QString name = widget->accessibleName();
    if (const auto* button = qobject_cast<const QAbstractButton*>(widget); button && name.isEmpty())
      name = button->text();
    QStringList path;
    for (const QWidget* at = widget; at; at = at->parentWidget())
      path << QString::fromLatin1(at->metaObject()->className());
    EXPECT_FALSE(name.trimmed().isEmpty()) << path.join(u" < "_s).toStdString();
  }
}

TEST_F(Window, SwitchingTheLookRepaintsEveryPage) {
  Bench bench = make(3, true);
  for (const char* page : {"runs", "experiment", "live"}) {
    bench.show(page);
    bench.workbench->theme().override_choice(ThemeChoice::light);
    const QImage light = bench.window().grab().toImage();
    bench.workbench->theme().override_choice(ThemeChoice::dark);
    const QImage dark = bench.window().grab().toImage();
    const QPoint corner(bench.window().width() - 4, 6);
    EXPECT_EQ(light.pixelColor(corner), widgets::light_theme().color(widgets::Role::window)) << page;
    EXPECT_EQ(dark.pixelColor(corner), widgets::dark_theme().color(widgets::Role::window)) << page;
  }
  bench.workbench->theme().override_choice(ThemeChoice::light);
}

TEST_F(Window, LayoutAndLookAreRemembered) {
  {
    Bench bench = make(3);
    bench.show("runs");
    bench.window().resize(1111, 777);
    bench.runs().table()->setColumnWidth(1, 333);
    bench.workbench->theme().choose(ThemeChoice::dark);
    bench.window().close();
  }
  Bench again({home.path()});
  EXPECT_EQ(again.runs().table()->columnWidth(1), 333);
  EXPECT_EQ(again.workbench->theme().choice(), ThemeChoice::dark);
  EXPECT_TRUE(widgets::current_theme().is_dark());
  again.workbench->theme().choose(ThemeChoice::light);
}

TEST_F(Window, LivePageShowsWhatTheHistoryHolds) {
  Bench bench = make(2, true);
  bench.show("live");
  LivePage& live = bench.live();
  EXPECT_TRUE(live.plot("loss")->accessibleDescription().contains(u"at step 72"_s));
  QStringList labels;
  for (const QLabel* label : live.findChildren<QLabel*>()) labels << label->text();
  EXPECT_TRUE(labels.contains(u"No. %1"_s.arg(bench.workbench->live().run_id())));
  EXPECT_EQ(live.plot("recall")->curves().size(), 4U);
  EXPECT_EQ(live.board()->shown_step(), 40);
  EXPECT_EQ(live.board()->compared_step(), 0);
  EXPECT_TRUE(Bench::until([&] { return live.board()->shown_queries().size() == 12; }));
  EXPECT_TRUE(live.board()->shown_queries().front().earlier_rank.has_value());
  EXPECT_GT(live.log_ring()->rowCount(), 2);
  QStringList cells;
  for (const QTableWidget* table : live.findChildren<QTableWidget*>())
    for (int row = 0; row < table->rowCount(); ++row)
      for (int column = 0; column < table->columnCount(); ++column) cells << table->item(row, column)->text();
  EXPECT_TRUE(cells.contains(u"Peak memory"_s));
  EXPECT_TRUE(cells.contains(u"421\u00a0MiB"_s));
  EXPECT_TRUE(std::any_of(cells.begin(), cells.end(),
                          [](const QString& cell) { return cell.startsWith(u"Evaluated: text → picture R@1"_s); }));
}

TEST_F(Window, AForkThatFailedAtOncePromisesNothing) {
  const store::RunId parent = fill_history(home.path(), {0, true, false, 80});
  const store::RunId fork = add_failed_fork(home.path(), parent, 40);
  Bench bench({home.path()});
  bench.show("runs");
  bench.runs().select(fork);
  const QAbstractItemModel* model = bench.runs().table()->model();
  const int row = bench.runs().table()->currentIndex().row();
  EXPECT_EQ(model->index(row, static_cast<int>(RunColumn::progress)).data().toString(), u"– / 80"_s);
  const QModelIndex name = model->index(row, static_cast<int>(RunColumn::name));
  EXPECT_EQ(name.data(widgets::glyph_role).toInt(), static_cast<int>(widgets::Glyph::fork));
  EXPECT_EQ(bench.window().actions()->action(u"runs.resume"_s)->text(), u"Start again"_s);
  EXPECT_FALSE(bench.window().actions()->reason(u"runs.fork"_s).isEmpty());
  bench.window().open_run(fork);
  bench.show("live");
  EXPECT_FALSE(bench.live().plot("loss")->isVisible());
  EXPECT_FALSE(bench.live().board()->isVisible());
  EXPECT_EQ(bench.window().actions()->action(u"live.resume"_s)->text(), u"Start again"_s);
  QStringList shown;
  for (const QLabel* label : bench.live().findChildren<QLabel*>())
    if (label->isVisible()) shown << label->text();
  EXPECT_TRUE(shown.contains(u"Nothing was measured"_s)) << shown.join(u'|').toStdString();
  EXPECT_EQ(shown.filter(u"Step 40"_s), QStringList());
  EXPECT_EQ(shown.filter(u"first"_s).filter(u"brings"_s), QStringList());
  bench.window().open_run(parent);
  EXPECT_TRUE(Bench::until([&] { return bench.live().plot("loss")->isVisible(); }));
  EXPECT_EQ(bench.window().actions()->action(u"live.resume"_s)->text(), u"Resume"_s);
}

// What a run says after the window has opened it.
void ingest(const std::filesystem::path& home, store::RunId run, std::vector<journal::Payload> payloads) {
  auto writer = value_or_throw(store::Writer::open(home / "history.db"));
  std::vector<journal::Event> events;
  for (journal::Payload& payload : payloads) events.push_back({std::int64_t{1} << 40, std::move(payload)});
  const std::int64_t from = value_or_throw(writer->offset(run, 0));
  value_or_throw(writer->ingest({run, 0, from, from + 1, 1, events}));
}

TEST_F(Window, OnlyCheckpointsThatAreThereAndCountCanBeForked) {
  const store::RunId run = fill_history(home.path(), {0, true, false, 500});
  Bench bench({home.path()});
  bench.show("live");
  LiveController& live = bench.workbench->live();
  EXPECT_THAT(live.checkpoint_steps(), testing::ElementsAre(300, 400, 500));  // older ones gave way to these
  const std::filesystem::path folder = live.run()->directory;
  std::filesystem::create_directories(folder / "checkpoints/step-350");
  std::ofstream(folder / "checkpoints/step-350/COMPLETE");
  ingest(
      home.path(), run,
      {journal::Recovery{300, "checkpoint step-300"}, journal::CheckpointWritten{350, 1, 0.1, "checkpoints/step-350"}});
  EXPECT_TRUE(Bench::until([&] { return live.checkpoint_steps() == std::vector<std::int64_t>{300, 350}; }));
  const auto told = [&](std::int64_t step) {
    return std::ranges::any_of(live.occurrences(), [step](const store::Occurrence& occurrence) {
      const auto* written = std::get_if<journal::CheckpointWritten>(&occurrence.payload);
      return written && written->step == step;
    });
  };
  EXPECT_TRUE(told(300) && told(350));
  EXPECT_FALSE(told(400) || told(500));
}

TEST_F(Window, ForkOffersItsCheckpointsBelowItsButton) {
  fill_history(home.path(), {0, true, false, 300});
  Bench bench({home.path()});
  bench.window().move(-500, 0);  // the screen of these tests is narrower than the window
  bench.show("live");
  bench.run("live.fork");
  const QWidget* menu = QApplication::activePopupWidget();
  ASSERT_TRUE(menu);
  QPushButton* button = nullptr;
  for (QPushButton* one : bench.live().findChildren<QPushButton*>())
    if (one->text() == bench.window().actions()->action(u"live.fork"_s)->text()) button = one;
  ASSERT_TRUE(button);
  const auto* heading = menu->findChild<QLabel*>();
  EXPECT_TRUE(heading && heading->isVisible() && heading->text() == u"Fork from the checkpoint at"_s);
  EXPECT_EQ(menu->geometry().topLeft(), button->mapToGlobal(QPoint(0, button->height())));
}

TEST_F(Window, AForkIsPlannedAsOneAndItsFaultsStandAtTheirFields) {
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

TEST_F(Window, EveryFaultStandsAtItsFieldAlsoBesideOthersAndWhereFieldsAreFolded) {
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

TEST_F(Window, TroubleIsAsWideAsTheCardsBelow) {
  const store::RunId fork = add_failed_fork(home.path(), fill_history(home.path(), {0, true, false, 80}), 40);
  Bench bench({home.path()});
  bench.window().open_run(fork);
  bench.show("live");
  const auto span = [&](const QWidget* widget) {
    return QPoint(widget->mapTo(&bench.window(), QPoint(0, 0)).x(), widget->width());
  };
  const auto* bar = bench.live().findChild<widgets::MessageBar*>();
  ASSERT_TRUE(bar->isVisible());
  int cards = 0;
  for (const Card* card : bench.live().findChildren<Card*>()) {
    if (!card->isVisible()) continue;
    ++cards;
    EXPECT_TRUE(Bench::until([&] { return span(card) == span(bar); })) << span(card).y() << " and " << span(bar).y();
  }
  EXPECT_GE(cards, 3);
}

TEST_F(Window, ThePaceIsTheSameInTheTableAndInTheHeading) {
  fill_history(home.path(), {0, true, true, 120});
  Bench bench({home.path()});
  bench.show("runs");
  const QModelIndex cell = bench.runs().table()->model()->index(0, static_cast<int>(RunColumn::speed));
  EXPECT_TRUE(Bench::until([&] { return cell.data().toString() == u"2.42"_s; }))
      << cell.data().toString().toStdString();
  bench.show("live");
  const auto said = [&] {
    for (const QLabel* label : bench.live().findChildren<QLabel*>())
      if (label->text().contains(u" steps/s"_s)) return label->text();
    return QString();
  };
  EXPECT_TRUE(said().contains(cell.data().toString() + u" steps/s"_s)) << said().toStdString();
}

TEST_F(Window, NothingOfTheFormIsCutInASmallWindow) {
  Bench bench = make(0);
  bench.window().resize(900, 600);
  bench.show("experiment");
  bench.experiment().form()->show_advanced(true);
  QTest::qWait(0);
  EXPECT_LE(bench.window().width(), 900);
  const auto* area = bench.experiment().form()->findChild<QScrollArea*>();
  EXPECT_LE(area->widget()->minimumSizeHint().width(), area->viewport()->width());
  EXPECT_EQ(area->widget()->width(), area->viewport()->width());
}

TEST_F(Window, AFinetuningRecipeFillsTheFormAndComesBackTheSame) {
  Bench bench = make(0);
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

TEST_F(Window, SmoothingDrawsAnotherLineThroughTheSameValues) {
  Bench bench = make(0, true);
  bench.show("live");
  const auto columns = [&] { return bench.live().plot("loss")->curves().front().columns; };
  EXPECT_EQ(columns().back().line, columns().back().last);
  const double last = columns().back().last;
  bench.workbench->live().set_smoothing(0.9);
  EXPECT_TRUE(Bench::until([&] { return columns().back().line != columns().back().last; }));
  EXPECT_EQ(columns().back().last, last);
}

TEST_F(Window, NewFromARunTakesItsRecipe) {
  Bench bench = make(5);
  bench.show("runs");
  const store::Run run = bench.list().back();
  bench.runs().select(run.id);
  bench.run("runs.new_from");
  EXPECT_EQ(bench.window().current_page(), u"experiment"_s);
  EXPECT_TRUE(
      Bench::until([&] { return bench.experiment().form()->text(u"run.name"_s) == QString::fromStdString(run.name); }));
}

TEST_F(Window, AStoreThatCannotBeReadIsSaidInOneSentence) {
  std::ofstream(home.path() / "history.db")
      << "this is no data base, and it is long enough to be looked at as one by anybody who opens it";
  Bench bench({home.path()});
  bench.show("runs");
  EXPECT_TRUE(bench.window().message_bar()->isVisible());
  EXPECT_TRUE(bench.window().message_bar()->text().startsWith(u"Could not"_s))
      << bench.window().message_bar()->text().toStdString();
  auto* page = bench.runs().findChild<widgets::EmptyPage*>();
  ASSERT_TRUE(page->isVisible());
  EXPECT_EQ(page->title(), u"The history cannot be read"_s);
  std::filesystem::remove(home.path() / "history.db");
  fill_history(home.path(), {3, false, false, 0});
  QTest::mouseClick(page->findChild<QPushButton*>(), Qt::LeftButton);
  EXPECT_TRUE(Bench::until([&] { return bench.list().size() == 3 && !page->isVisible(); }));
}

TEST_F(Window, DamageOfAJournalIsSaidOnRunsAndLive) {
  const store::RunId run = fill_history(home.path(), {0, true, false, 40});
  {
    auto writer = value_or_throw(store::Writer::open(home.path() / "history.db"));
    value_or_throw(writer->note_damage(run, {0, 900, 12, true, "torn"}));
    Bench whole({home.path()});
    whole.show("live");
    EXPECT_FALSE(whole.live().findChild<widgets::MessageBar*>()->isVisible());
    value_or_throw(writer->note_damage(run, {0, 300, 2048, false, "these bytes are not a whole frame"}));
  }
  Bench bench({home.path()});
  bench.show("runs");
  const QModelIndex name = bench.runs().table()->model()->index(0, static_cast<int>(RunColumn::name));
  EXPECT_EQ(name.data(widgets::glyph_role).toInt(), static_cast<int>(widgets::Glyph::warning));
  EXPECT_TRUE(name.data(Qt::ToolTipRole).toString().contains(u"2\u00a0KiB"_s));
  bench.show("live");
  auto* bar = bench.live().findChild<widgets::MessageBar*>();
  ASSERT_TRUE(bar->isVisible());
  EXPECT_TRUE(bar->text().contains(u"journal"_s)) << bar->text().toStdString();
}

TEST_F(Window, RunsStandWithTheirNumbersAndNoColumnIsCut) {
  Bench bench = make(5);
  bench.show("runs");
  QTableView* table = bench.runs().table();
  const QModelIndex cell = table->model()->index(0, static_cast<int>(RunColumn::number));
  EXPECT_EQ(cell.data().toString(), QString::number(bench.list().front().id));
  for (const int width : {1024, 1360, 1920}) {
    bench.window().resize(width, 800);
    EXPECT_TRUE(Bench::until([&] { return table->horizontalHeader()->length() <= table->viewport()->width(); }))
        << width;
    EXPECT_FALSE(table->isColumnHidden(static_cast<int>(RunColumn::number)));
    EXPECT_FALSE(table->isColumnHidden(static_cast<int>(RunColumn::progress)));
  }
  EXPECT_TRUE(Bench::until([&] { return !table->isColumnHidden(static_cast<int>(RunColumn::tags)); }));
}

TEST_F(Window, MissingDataSetStandsAtItsFieldInTheWordsOfTheProgram) {
  qputenv("ATHANOR_HOME", QByteArray::fromStdString(home.path().string()));
  Bench bench({home.path(), QStringLiteral(ATH_BINARY_DIR "/bin/athanor-run")});
  bench.show("experiment");
  widgets::FieldRow* row = bench.experiment().form()->row(u"data.dataset"_s);
  EXPECT_TRUE(Bench::until([&] { return !row->verdict().isEmpty(); }));
  EXPECT_TRUE(row->verdict().contains(u"there is none"_s)) << row->verdict().toStdString();
  EXPECT_FALSE(bench.experiment().launch_button()->isEnabled());
  qunsetenv("ATHANOR_HOME");
}

}  // namespace
}  // namespace athanor::app
