// Another language is spoken at once, by every part of the window, and nothing that was on it is lost.
#include "app/language/language_switch.h"
#include "app/pages/experiment/recipe_editor.h"
#include "app/pages/preferences/preferences_page.h"
#include "app/settings/settings.h"
#include "tests/app/bench.h"
#include "tests/app/catalogues.h"
#include "tests/support/temporary_folder.h"
#include "widgets/forms/field_row.h"
#include "widgets/forms/form_view.h"
#include "widgets/log/log_ring.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/tables/search_line.h"

#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPointer>
#include <QSignalSpy>
#include <QTableView>

#include <map>
#include <set>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

// What the parts of a window say, in words and to a screen reader.
std::set<QString> words_of(const QWidget& window) {
  std::set<QString> words;
  for (const QWidget* widget : window.findChildren<QWidget*>()) {
    words.insert(widget->accessibleName());
    words.insert(widget->toolTip());
    words.insert(widget->accessibleDescription());
    if (const auto* label = qobject_cast<const QLabel*>(widget)) words.insert(label->text());
    if (const auto* button = qobject_cast<const QAbstractButton*>(widget)) words.insert(button->text().trimmed());
    if (const auto* line = qobject_cast<const QLineEdit*>(widget)) words.insert(line->placeholderText());
    if (const auto* box = qobject_cast<const QComboBox*>(widget))
      for (int i = 0; i < box->count(); ++i) words.insert(box->itemText(i));
    if (const auto* table = qobject_cast<const QTableView*>(widget); table && table->model())
      for (int i = 0; i < table->model()->columnCount(); ++i)
        words.insert(table->model()->headerData(i, Qt::Horizontal).toString());
    for (const QAction* action : widget->actions()) words.insert(action->text());
  }
  words.erase(QString());
  return words;
}

int main_windows() {
  int count = 0;
  for (const QWidget* widget : QApplication::topLevelWidgets())
    count += qobject_cast<const MainWindow*>(widget) ? 1 : 0;
  return count;
}

struct Languages : testing::Test {
  static void show_all(Bench& bench) {
    for (const char* page : {"runs", "experiment", "compare", "live", "preferences"}) bench.show(page);
    EXPECT_TRUE(Bench::until([&] { return bench.live().is_ready(); }));
  }
  // As by the box on the page of preferences; the window that takes the place is there afterwards.
  static void choose(Bench& bench, const QString& code) {
    bench.show("preferences");
    const QPointer<MainWindow> before = &bench.window();
    QComboBox* box = qobject_cast<PreferencesPage*>(bench.window().page(u"preferences"_s))->language();
    const int index = box->findData(code);
    ASSERT_GE(index, 0);
    box->setFocus();
    box->setCurrentIndex(index);
    Q_EMIT box->activated(index);
    ASSERT_TRUE(Bench::until([&] { return before.isNull(); }));
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&bench.window()));
    for (const QString& id : {u"runs"_s, u"experiment"_s, u"compare"_s, u"live"_s})
      EXPECT_TRUE(Bench::until([&] { return bench.window().page(id)->is_ready() || id == u"live"_s; }));
    EXPECT_EQ(main_windows(), 1);
    EXPECT_EQ(bench.workbench->language().language(), code);
  }
  testing_support::TemporaryFolder home;
};

TEST_F(Languages, AreSpokenAtOnceByEveryPartOfTheWindowAndLeaveNoWidgetBehind) {
  fill_history(home.path(), {3, true, false, 80});
  Bench bench({home.path()});
  show_all(bench);
  const std::map<QString, QString> german = all_texts_of(u"de"_s), chinese = all_texts_of(u"zh"_s);
  const std::set<QString> english = words_of(bench.window());
  ASSERT_GT(std::ranges::count_if(english, [&](const QString& text) { return german.contains(text); }), 150);
  std::vector<qsizetype> widgets;
  for (int round = 0; round < 2; ++round) {
    for (const auto& [code, texts] : {std::pair(u"de"_s, &german), std::pair(u"zh"_s, &chinese)}) {
      choose(bench, code);
      EXPECT_TRUE(bench.live().plot("loss")->accessibleName().contains(texts->at(u"Loss"_s))) << code.toStdString();
      std::set<QString> spoken;
      for (const auto& [source, translated] : *texts) spoken.insert(translated);
      for (const recipe::Field& field : recipe::fields())  // values of a recipe keep their names
        for (const std::string& choice : field.choices) spoken.insert(QString::fromStdString(choice));
      for (const QString& text : words_of(bench.window()))
        EXPECT_FALSE(texts->contains(text) && !spoken.contains(text))
            << code.toStdString() << ": " << text.toStdString();
    }
    choose(bench, u"en"_s);
    widgets.push_back(QApplication::allWidgets().size());
    for (const QString& text : words_of(bench.window()))
      EXPECT_TRUE(text == u"中文"_s ||
                  std::ranges::none_of(text, [](QChar c) { return c.script() == QChar::Script_Han; }))
          << text.toStdString();
  }
  EXPECT_EQ(widgets.front(), widgets.back());
}

TEST_F(Languages, LeaveTheWindowWhereItWasWithWhatIsBeingSetUp) {
  const store::RunId run = fill_history(home.path(), {3, true, false, 80});
  Bench bench({home.path()});
  bench.window().open_run(run);
  show_all(bench);
  bench.window().resize(1100, 740);
  bench.runs().search_line()->search_now(u"loss < 9"_s);
  bench.runs().select(bench.list().back().id);
  const std::vector<store::RunId> selected = bench.runs().selected();
  ASSERT_FALSE(selected.empty());
  const int lines = bench.live().log_ring()->rowCount();
  bench.experiment().show_text(true);
  const QString unfinished = u"[train]\nsteps = 12\nlearning_rate = \"nearly\""_s;
  bench.workbench->experiment().set_recipe_text(unfinished);
  choose(bench, u"zh"_s);
  EXPECT_EQ(bench.window().current_page(), u"preferences"_s);
  EXPECT_EQ(bench.window().windowTitle(), u"首选项 – Athanor"_s);
  EXPECT_EQ(bench.window().size(), QSize(1100, 740));
  EXPECT_EQ(bench.window().focusWidget(),
            qobject_cast<PreferencesPage*>(bench.window().page(u"preferences"_s))->language());
  EXPECT_EQ(bench.runs().search_line()->text(), u"loss < 9"_s);
  EXPECT_EQ(bench.runs().selected(), selected);
  EXPECT_TRUE(bench.experiment().recipe_editor()->isVisibleTo(&bench.experiment()));
  EXPECT_EQ(bench.experiment().recipe_editor()->edit()->toPlainText(), unfinished);
  EXPECT_EQ(bench.experiment().form()->row(u"train.steps"_s)->text(), u"12"_s);
  EXPECT_EQ(bench.workbench->live().run_id(), run);
  bench.show("live");
  EXPECT_TRUE(Bench::until([&] { return bench.live().log_ring()->rowCount() == lines; }));
  EXPECT_FALSE(bench.live().plot("loss")->curves().empty());
}

TEST_F(Languages, AreRememberedAndTheDesktopsIsSpokenUntilOneIsChosen) {
  const QLocale before;
  QLocale::setDefault(QLocale(QLocale::German, QLocale::Austria));
  {
    Bench bench({home.path()});
    EXPECT_EQ(bench.workbench->language().choice(), u"system"_s);
    EXPECT_EQ(bench.workbench->language().language(), u"de"_s);
    EXPECT_EQ(QLocale().territory(), QLocale::Austria);
    choose(bench, u"zh"_s);
    EXPECT_EQ(QLocale().language(), QLocale::Chinese);
  }
  EXPECT_EQ(QLocale().territory(), QLocale::Austria);
  {
    Bench bench({home.path()});
    EXPECT_EQ(bench.workbench->language().language(), u"zh"_s);
    choose(bench, u"de"_s);
    EXPECT_EQ(QLocale().territory(), QLocale::Austria);  // of those who speak it, the desktop's
  }
  QLocale::setDefault(before);
}

TEST_F(Languages, ThatAreUnknownLeaveTheDesktops) {
  Settings settings({});
  settings.set(Setting::language, u"tlh"_s);
  LanguageSwitch language(&settings);
  EXPECT_EQ(language.choice(), u"system"_s);
  EXPECT_EQ(language.language(), u"en"_s);
  QSignalSpy changed(&language, &LanguageSwitch::changed);
  language.choose(u"en"_s);  // what is spoken already
  EXPECT_EQ(changed.count(), 0);
  language.choose(u"de"_s);
  EXPECT_EQ(changed.count(), 1);
}

}  // namespace
}  // namespace athanor::app
