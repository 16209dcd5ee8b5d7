// The program as it is called: what it refuses, with which status, and that it then writes nothing.
#include "tests/app/filled_history.h"
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>

#include <QProcess>
#include <QProcessEnvironment>

#include <fstream>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

struct Called {
  int status = -1;
  QString spoken;
  QString answer;
};

struct Program : testing::Test {
  Program() { environment.insert(u"ATHANOR_HOME"_s, QString::fromStdString(home.path().string())); }

  [[nodiscard]] std::filesystem::path picture() const { return home.path() / "page.png"; }
  [[nodiscard]] Called call(const QStringList& words) const {
    QProcess process;
    process.setProcessEnvironment(environment);
    process.start(QStringLiteral(ATH_BINARY_DIR "/bin/athanor"), words);
    EXPECT_TRUE(process.waitForFinished(60'000));
    EXPECT_EQ(process.exitStatus(), QProcess::NormalExit);
    return {process.exitCode(), QString::fromUtf8(process.readAllStandardError()),
            QString::fromUtf8(process.readAllStandardOutput())};
  }
  [[nodiscard]] Called render(const QStringList& words) const {
    return call(QStringList{u"--screenshot"_s, QString::fromStdString(picture().string())} + words);
  }
  void expect_refusal(const QStringList& words, int status, const QString& part) const {
    const Called called = render(words);
    EXPECT_EQ(called.status, status) << called.spoken.toStdString();
    EXPECT_EQ(called.spoken.count(u'\n'), 1) << called.spoken.toStdString();
    EXPECT_TRUE(called.spoken.contains(part)) << called.spoken.toStdString();
    EXPECT_FALSE(std::filesystem::exists(picture()));
  }

  testing_support::TemporaryFolder home;
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
};

TEST_F(Program, RefusesARunThatIsNotThere) {
  fill_history(home.path(), {2, false, false, 0});
  expect_refusal({u"--page"_s, u"live"_s, u"--run"_s, u"77"_s}, 2, u"no run 77"_s);
  expect_refusal({u"--run"_s, u"seven"_s}, 2, u"--run"_s);
}

TEST_F(Program, RefusesALanguageOrALookThatThereIsNot) {
  expect_refusal({u"--language"_s, u"tlh"_s}, 2, u"--language"_s);
  expect_refusal({u"--theme"_s, u"pink"_s}, 2, u"--theme"_s);
}

TEST_F(Program, RefusesAnActionThatIsNotThereOrCannotRun) {
  expect_refusal({u"--page"_s, u"runs"_s, u"--do"_s, u"view.nonsense"_s}, 2, u"view.nonsense"_s);
  expect_refusal({u"--page"_s, u"live"_s, u"--do"_s, u"live.stop"_s}, 3, u"live.stop"_s);
}

TEST_F(Program, RefusesARecipeThatCannotBeRead) {
  expect_refusal({u"--page"_s, u"experiment"_s, u"--recipe"_s, u"/nonexistent/a.toml"_s}, 2, u"/nonexistent/a.toml"_s);
}

TEST_F(Program, RefusesAHomeThatIsAFile) {
  const std::filesystem::path file = home.path() / "file";
  std::ofstream(file) << "no folder";
  environment.insert(u"ATHANOR_HOME"_s, QString::fromStdString(file.string()));
  expect_refusal({u"--page"_s, u"runs"_s}, 3, u"it is not a folder"_s);
}

TEST_F(Program, RendersWithoutAWordWhereTheSessionNamesNoFolderOfItsOwn) {
  fill_history(home.path(), {3, false, false, 0});
  environment.remove(u"XDG_RUNTIME_DIR"_s);
  const Called called = render({u"--page"_s, u"runs"_s, u"--run"_s, u"2"_s});
  EXPECT_EQ(called.status, 0);
  EXPECT_EQ(called.spoken, QString());
  EXPECT_TRUE(std::filesystem::exists(picture()));
}

TEST_F(Program, AnswersWithoutADisplayAndSaysWhatAWindowNeeds) {
  for (const QString& name : {u"QT_QPA_PLATFORM"_s, u"DISPLAY"_s, u"WAYLAND_DISPLAY"_s}) environment.remove(name);
  const Called help = call({u"--help"_s});
  EXPECT_EQ(help.status, 0) << help.spoken.toStdString();
  EXPECT_TRUE(help.answer.contains(u"--screenshot"_s)) << help.answer.toStdString();
  EXPECT_EQ(call({u"--version"_s}).status, 0);
  const Called refused = call({});
  EXPECT_EQ(refused.status, 3);
  EXPECT_EQ(refused.spoken.count(u'\n'), 1) << refused.spoken.toStdString();
  EXPECT_TRUE(refused.spoken.contains(u"athanor-run train"_s)) << refused.spoken.toStdString();
}

}  // namespace
}  // namespace athanor::app
