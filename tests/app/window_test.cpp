// The window over a history, without an agent.
#include "app/models/run_table_model.h"
#include "app/pages/parts/page_parts.h"
#include "app/shell/find_sheet.h"
#include "app/theme/theme_switch.h"
#include "core/store/writer.h"
#include "tests/app/bench.h"
#include "tests/support/temporary_folder.h"
#include "widgets/common/cell_roles.h"
#include "widgets/common/theme.h"
#include "widgets/feedback/empty_page.h"
#include "widgets/feedback/message_bar.h"
#include "widgets/forms/form_view.h"
#include "widgets/gallery/retrieval_board.h"
#include "widgets/log/log_ring.h"
#include "widgets/palette/command_palette.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/tables/search_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QTableView>
#include <QTableWidget>
#include <QWheelEvent>
#include <QtTest/qtestspontaneevent.h>

#include <algorithm>
#include <cmath>
#include <fstream>

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

TEST_F(Window, EmptyHistoryShowsAWayForward) {
  Bench bench = make(0);
  bench.show("runs");
  auto* empty = bench.runs().findChild<widgets::EmptyPage*>();
  ASSERT_TRUE(empty && empty->isVisible());
  EXPECT_EQ(empty->title(), u"No runs yet"_s);
  QTest::mouseClick(empty->findChild<QPushButton*>(), Qt::LeftButton);
  EXPECT_EQ(bench.window().current_page(), u"experiment"_s);
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

TEST_F(Window, FindsWordsInLogsAndOpensTheirRun) {
  Bench bench = make(3, true);
  bench.show("runs");
  bench.run("view.find");
  FindSheet* sheet = bench.window().find_sheet();
  ASSERT_TRUE(sheet->isVisible());
  sheet->line()->search_now(u"no-augm"_s);
  ASSERT_TRUE(Bench::until([&] { return sheet->list()->count() > 0; }));
  QTest::keyClick(sheet->line(), Qt::Key_Return);
  EXPECT_FALSE(sheet->isVisible());
  EXPECT_EQ(bench.window().current_page(), u"live"_s);
  EXPECT_NE(bench.workbench->live().run_id(), 0);
}

TEST(Snippets, SetOffWhatWasLookedFor) {
  const Snippet snippet = snippet_of("a \x02loss\x03 of\n\x02x\x03");
  EXPECT_EQ(snippet.text, u"a loss of x"_s);
  EXPECT_EQ(snippet.marks, (std::vector<std::pair<int, int>>{{2, 4}, {10, 1}}));
  EXPECT_TRUE(snippet_of("\x03\x02").marks.empty());
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
    return table->model()->index(row, static_cast<int>(RunColumn::speed)).data(figure_role).toDouble();
  };
  EXPECT_TRUE(std::isnan(pace(149)));  // not in view
  table->sortByColumn(static_cast<int>(RunColumn::speed), Qt::DescendingOrder);
  EXPECT_TRUE(Bench::until([&] { return !std::isnan(pace(149)); }));
  for (int row = 1; row < 150; ++row) EXPECT_GE(pace(row - 1), pace(row)) << row;
}

TEST_F(Window, KeepsTheSelectedRunsWhateverIsSearched) {
  Bench bench = make(150);
  bench.show("runs");
  bench.runs().select(77);
  bench.runs().search_line()->search_now(u"id in (7, 17, 27, 37, 47, 57, 67, 77, 87, 97, 107, 117, 127, 137, 147)"_s);
  EXPECT_EQ(bench.runs().table()->model()->rowCount(), 15);
  EXPECT_THAT(bench.runs().selected(), testing::ElementsAre(77));
  bench.runs().search_line()->search_now(u"id / 2 = 38.5 or id < 20"_s);
  EXPECT_THAT(bench.runs().selected(), testing::ElementsAre(77));
  bench.runs().search_line()->search_now({});
  EXPECT_EQ(bench.runs().table()->model()->rowCount(), 150);
  EXPECT_THAT(bench.runs().selected(), testing::ElementsAre(77));
}

TEST_F(Window, OffersWhatAQueryCouldSayAndSaysWhatItCannotUnderstand) {
  Bench bench = make(24);
  bench.show("runs");
  auto* line = bench.runs().search_line();
  line->setFocus();
  QTest::keyClicks(line, u"min(tr"_s);
  const auto offered = [&] { return line->suggestions()->count(); };
  EXPECT_TRUE(Bench::until([&] { return offered() > 0; }));
  QTest::keyClick(line, Qt::Key_Tab);
  EXPECT_TRUE(line->text().startsWith(u"min(train/"_s)) << line->text().toStdString();
  line->search_now(u"loss <"_s);
  auto* fault = bench.runs().findChild<QLabel*>(u"query_fault"_s);
  EXPECT_TRUE(fault->isVisible());
  EXPECT_EQ(bench.runs().table()->model()->rowCount(), 24) << "what is half typed hides nothing";
  line->search_now(u"min(train/loss) < 1e9 and id <= 7"_s);
  EXPECT_FALSE(fault->isVisible());
  EXPECT_TRUE(Bench::until([&] { return bench.runs().table()->model()->rowCount() == 7; }));
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
                          [](const QString& cell) { return cell.startsWith(u"Evaluated: T→P R@1"_s); }));
}

TEST_F(Window, WheelsOverAPlotScrollThePage) {
  Bench bench = make(2, true);
  bench.show("live");
  QWidget* canvas = nullptr;
  for (QWidget* part : bench.live().plot("loss")->findChildren<QWidget*>())
    if (part->inherits("QCustomPlot")) canvas = part;
  QScrollArea* page = nullptr;
  for (QWidget* above = canvas; above && !page; above = above->parentWidget()) page = qobject_cast<QScrollArea*>(above);
  ASSERT_TRUE(page && page->verticalScrollBar()->maximum() > 0);
  const QPointF here = canvas->rect().center();
  QWheelEvent wheel(here, canvas->mapToGlobal(here), {}, {0, -240}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                    false);
  QSpontaneKeyEvent::setSpontaneous(&wheel);  // as from the window system: only such go on to the parents
  QCoreApplication::instance()->notify(canvas, &wheel);
  EXPECT_GT(page->verticalScrollBar()->value(), 0);
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

TEST_F(Window, AMessageBelongsToThePageThatItConcerns) {
  fill_history(home.path(), {3, false, false, 0});
  Bench bench({home.path()});
  bench.show("experiment");
  widgets::MessageBar* bar = bench.window().message_bar();
  Q_EMIT bench.experiment().notice({NoticeKind::error, u"Could not launch"_s, u"no"_s, {}, {}});
  EXPECT_TRUE(bar->isVisible());
  bench.show("runs");
  EXPECT_FALSE(bar->isVisible());
  Q_EMIT bench.experiment().notice({NoticeKind::error, u"Could not launch again"_s, u"no"_s, {}, {}});
  EXPECT_FALSE(bar->isVisible());
  bench.window().say({NoticeKind::good, u"Renamed"_s, {}, {}, {}});
  EXPECT_EQ(bar->text(), u"Renamed."_s);
  bench.window().say({NoticeKind::warning, u"Settings cannot be kept"_s, {}, {}, {}, true});
  EXPECT_EQ(bar->text(), u"Renamed."_s);
  bench.show("experiment");
  EXPECT_EQ(bar->text(), u"Could not launch again. No."_s);
  bench.show("runs");
  EXPECT_EQ(bar->text(), u"Settings cannot be kept."_s);  // what went well is no news any more
  bench.show("experiment");
  for (QToolButton* close : bar->findChildren<QToolButton*>()) close->click();
  EXPECT_EQ(bar->text(), u"Settings cannot be kept."_s);
  for (QToolButton* close : bar->findChildren<QToolButton*>()) close->click();
  EXPECT_FALSE(bar->isVisible());
  bench.show("runs");
  EXPECT_FALSE(bar->isVisible());
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

TEST_F(Window, SmoothingDrawsAnotherLineThroughTheSameValues) {
  Bench bench = make(0, true);
  bench.show("live");
  const auto columns = [&] { return *bench.live().plot("loss")->curves().front().columns; };
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

}  // namespace
}  // namespace athanor::app
