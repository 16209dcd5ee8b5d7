// Setting an experiment up: undoing, standing beside another recipe, the command as text, and what is kept.
#include "app/controllers/undo_list.h"
#include "app/models/command_line_text.h"
#include "app/pages/experiment/differences_panel.h"
#include "app/pages/experiment/recipe_editor.h"
#include "app/pages/parts/page_parts.h"
#include "app/settings/settings.h"
#include "tests/app/bench.h"
#include "tests/support/temporary_folder.h"
#include "widgets/forms/form_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QPlainTextEdit>
#include <QToolButton>

#include <random>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using testing::ElementsAre;

TEST(UndoList, TakesAWordBackAtOnceAndKeepsOtherEditsApart) {
  UndoList<int> list;
  list.remember(0, u"a"_s);
  list.remember(1, u"a"_s);
  list.remember(2, u"b"_s);
  EXPECT_EQ(list.undo(3), 2);
  EXPECT_EQ(list.undo(2), 0);
  EXPECT_EQ(list.undo(0), std::nullopt);
  EXPECT_EQ(list.redo(0), 2);
  list.remember(2, u"c"_s);
  EXPECT_FALSE(list.can_redo());
}

TEST(UndoList, ForgetsTheOldestOfVeryMany) {
  UndoList<std::size_t> list;
  for (std::size_t i = 0; i < UndoList<std::size_t>::kMost + 10; ++i) list.remember(i, {});
  std::size_t now = 0, steps = 0;
  while (const auto before = list.undo(now)) now = *before, ++steps;
  EXPECT_EQ(steps, UndoList<std::size_t>::kMost);
  EXPECT_EQ(now, 10U);
}

TEST(Shell, TakesApartWhatItPutTogether) {
  std::mt19937 random(3);
  const QString signs = u"ab/ '\"\\$~=\n\t.ü,"_s;
  for (int round = 0; round < 2000; ++round) {
    QStringList words;
    QString line;
    for (unsigned i = 0; i < 1 + random() % 4; ++i) {
      QString word;
      for (unsigned j = 0; j < random() % 8; ++j) word += signs[static_cast<qsizetype>(random() % signs.size())];
      if (word.isEmpty()) word = u"x"_s;
      words << word;
      line += shell_word(word) + u' ';
    }
    ASSERT_EQ(shell_words(line), words) << line.toStdString();
  }
}

TEST(Shell, KnowsQuotationsThatDoNotEndAndLinesThatGoOn) {
  EXPECT_EQ(shell_words(u"a 'b c"_s), std::nullopt);
  EXPECT_EQ(shell_words(u"a \\\n b"_s), QStringList({u"a"_s, u"b"_s}));
  EXPECT_EQ(shell_words(u"a\"b \\\"c\" ''"_s), QStringList({u"ab \"c"_s, QString()}));
}

TEST(TrainCommand, SaysWhatIsWrongWithIt) {
  EXPECT_EQ(parse_train_command(u"./build/athanor-run train a.toml --set train.steps=3 --fork=40"_s).fault, QString());
  for (const QString& wrong :
       {u""_s, u"athanor-run plan a.toml"_s, u"athanor-run train"_s, u"athanor-run train a.toml b.toml"_s,
        u"athanor-run train a.toml --set"_s, u"athanor-run train a.toml --set steps"_s,
        u"athanor-run train a.toml --fork x"_s, u"athanor-run train a.toml --resume"_s, u"athanor-run train 'a"_s})
    EXPECT_FALSE(parse_train_command(wrong).fault.isEmpty()) << wrong.toStdString();
}

struct Setup : testing::Test {
  testing_support::TemporaryFolder home;
  static ExperimentController& of(const Bench& bench) { return bench.workbench->experiment(); }
  static QString starter() { return QStringLiteral(ATH_SOURCE_DIR "/experiments/starter.toml"); }
};

TEST_F(Setup, ChangesAreUndoneAndDoneAgainInFormAndText) {
  Bench bench({home.path()});
  bench.show("experiment");
  const QString before = of(bench).recipe_text();
  EXPECT_FALSE(bench.window().actions()->reason(u"edit.undo"_s).isEmpty());
  for (const QString& typed : {u"1"_s, u"12"_s, u"123"_s}) of(bench).set_field_text("train.steps", typed);
  of(bench).set_field_text("train.learning_rate", u"0.5"_s);
  bench.run("edit.undo");
  EXPECT_EQ(bench.experiment().form()->text(u"train.steps"_s), u"123"_s);
  bench.run("edit.undo");
  EXPECT_EQ(of(bench).recipe_text(), before);
  EXPECT_EQ(bench.experiment().recipe_editor()->text(), before);
  bench.run("edit.redo");
  EXPECT_EQ(of(bench).field_text("train.steps"), u"123"_s);
  EXPECT_EQ(bench.experiment().form()->text(u"train.steps"_s), u"123"_s);
}

TEST_F(Setup, WhatDoesNotReadAsAValueIsUndoneToo) {
  Bench bench({home.path()});
  bench.show("experiment");
  const QString before = of(bench).field_text("train.steps");
  of(bench).set_field_text("train.steps", u"many"_s);
  EXPECT_FALSE(of(bench).can_launch());
  of(bench).undo();
  EXPECT_EQ(of(bench).field_text("train.steps"), before);
  EXPECT_TRUE(of(bench).can_launch());
}

TEST_F(Setup, StandsBesideAnotherRecipeAndTakesFieldsOver) {
  Bench bench({home.path()});
  bench.show("experiment");
  of(bench).compare_with_file(starter());
  DifferencesPanel* panel = bench.experiment().differences_panel();
  EXPECT_TRUE(panel->isVisible());
  EXPECT_TRUE(panel->lines().isEmpty());
  const QString there = of(bench).field_text("train.steps");
  of(bench).set_field_text("train.steps", u"77"_s);
  EXPECT_THAT(panel->lines(), ElementsAre(u"train.steps: %1 → 77"_s.arg(there)));
  QTest::mouseClick(panel->findChildren<QToolButton*>().back(), Qt::LeftButton);
  ASSERT_TRUE(Bench::until([&] { return panel->lines().isEmpty(); }));
  EXPECT_EQ(of(bench).field_text("train.steps"), there);
  of(bench).stop_comparing();
  EXPECT_FALSE(panel->isVisible());
}

TEST_F(Setup, StandsBesideAnEarlierRun) {
  fill_history(home.path(), {3, false, false, 0});
  Bench bench({home.path()});
  bench.show("experiment");
  of(bench).compare_with_run(2);
  ASSERT_TRUE(Bench::until([&] { return !of(bench).compared_with().isEmpty(); }));
  EXPECT_FALSE(of(bench).differences().empty());
}

TEST_F(Setup, TheCommandCanBeTyped) {
  Bench bench({home.path()});
  bench.show("experiment");
  CommandText* command = bench.experiment().command_text();
  command->setFocus();
  command->setPlainText(u"athanor-run train "_s + starter() + u" --set train.steps=31 --set train.warmup_steps=2"_s);
  EXPECT_EQ(of(bench).field_text("train.steps"), u"31"_s);
  EXPECT_EQ(bench.experiment().form()->text(u"train.steps"_s), u"31"_s);
  EXPECT_EQ(of(bench).set_command_line(of(bench).command_line()), QString());
  EXPECT_EQ(of(bench).field_text("train.steps"), u"31"_s);
}

TEST_F(Setup, ACommandTypedLetterByLetterIsTakenBackAtOnce) {
  Bench bench({home.path()});
  bench.show("experiment");
  const QString before = of(bench).field_text("train.steps");
  for (const char* steps : {"3", "31", "312"})
    EXPECT_EQ(of(bench).set_command_line(u"athanor-run train "_s + starter() + u" --set train.steps="_s +
                                         QString::fromLatin1(steps)),
              QString());
  EXPECT_EQ(of(bench).field_text("train.steps"), u"312"_s);
  of(bench).undo();
  EXPECT_EQ(of(bench).field_text("train.steps"), before);
}

TEST_F(Setup, ACommandThatIsWrongChangesNothing) {
  Bench bench({home.path()});
  bench.show("experiment");
  const QString before = of(bench).recipe_text();
  for (const QString& wrong : {u"rm -rf /"_s, u"athanor-run train /nowhere.toml"_s,
                               u"athanor-run train "_s + starter() + u" --set train.stepz=3"_s,
                               u"athanor-run train "_s + starter() + u" --set train.steps=soon"_s,
                               u"athanor-run train "_s + starter() + u" --fork 3"_s,
                               u"athanor-run train "_s + starter() + u" --from /nowhere"_s})
    EXPECT_FALSE(of(bench).set_command_line(wrong).isEmpty()) << wrong.toStdString();
  EXPECT_EQ(of(bench).recipe_text(), before);
}

TEST_F(Setup, WhatWasNotLaunchedIsThereAgainAfterARestart) {
  {
    Bench bench({home.path()});
    bench.show("experiment");
    of(bench).set_field_text("train.steps", u"55"_s);
    bench.window().keep_layout();
  }
  Bench bench({home.path()});
  EXPECT_EQ(of(bench).field_text("train.steps"), u"55"_s);
  EXPECT_FALSE(of(bench).can_undo());
}

}  // namespace
}  // namespace athanor::app
