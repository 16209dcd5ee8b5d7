// The catalogues: whole, true to their placeholders, and in force where the desktop speaks the language.
#include "tests/app/bench.h"
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>

#include <QDir>
#include <QProcess>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QToolButton>
#include <QXmlStreamReader>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

QSet<QString> placeholders(const QString& text) {
  static const QRegularExpression kPlaceholder(u"%(\\d|n)"_s);
  QSet<QString> out;
  for (auto found = kPlaceholder.globalMatch(text); found.hasNext();) out.insert(found.next().captured());
  return out;
}

TEST(Translations, EveryTextIsTranslatedWithItsPlaceholders) {
  const QDir folder(QStringLiteral(ATH_SOURCE_DIR "/resources/translations"));
  const QStringList catalogues = folder.entryList({u"*.ts"_s});
  ASSERT_FALSE(catalogues.isEmpty());
  for (const QString& name : catalogues) {
    QFile file(folder.filePath(name));
    ASSERT_TRUE(file.open(QIODevice::ReadOnly));
    QXmlStreamReader xml(&file);
    QString source;
    int texts = 0;
    const auto check = [&](const QString& translated) {
      EXPECT_FALSE(translated.trimmed().isEmpty()) << source.toStdString();
      EXPECT_EQ(placeholders(translated), placeholders(source)) << source.toStdString();
      ++texts;
    };
    QString text;
    bool plural = false;
    while (!xml.atEnd()) {
      xml.readNext();
      if (xml.isStartElement() && xml.name() == u"source") {
        source = xml.readElementText();
      } else if (xml.isStartElement() && xml.name() == u"translation") {
        EXPECT_NE(xml.attributes().value(u"type"_s), u"unfinished"_s) << source.toStdString();
        text.clear();
        plural = false;
      } else if (xml.isStartElement() && xml.name() == u"numerusform") {
        plural = true;  // an element per form
        check(xml.readElementText());
      } else if (xml.isCharacters()) {
        text += xml.text();
      } else if (xml.isEndElement() && xml.name() == u"translation" && !plural) {
        check(text);
      }
    }
    EXPECT_FALSE(xml.hasError()) << xml.errorString().toStdString();
    EXPECT_GT(texts, 300) << name.toStdString();
  }
}

// A text that is not in the catalogue is as good as one that is not translated.
TEST(Translations, EveryTextOfTheSourcesIsInTheCatalogues) {
  const QString program = QStandardPaths::findExecutable(u"lupdate"_s, {u"/usr/lib/qt6/bin"_s});
  if (program.isEmpty()) GTEST_SKIP() << "needs lupdate";
  const testing_support::TemporaryFolder folder;
  const QDir catalogues(QStringLiteral(ATH_SOURCE_DIR "/resources/translations"));
  for (const QString& name : catalogues.entryList({u"*.ts"_s})) {
    const QString copy = QString::fromStdString((folder / name.toStdString()).string());
    ASSERT_TRUE(QFile::copy(catalogues.filePath(name), copy));
    QProcess lupdate;
    lupdate.setWorkingDirectory(QStringLiteral(ATH_SOURCE_DIR));
    lupdate.start(program, {u"-I"_s, u"."_s, u"app"_s, u"widgets"_s, u"-locations"_s, u"none"_s, u"-ts"_s, copy});
    ASSERT_TRUE(lupdate.waitForFinished(120'000));
    ASSERT_EQ(lupdate.exitCode(), 0) << lupdate.readAllStandardError().toStdString();
    QFile file(copy);
    ASSERT_TRUE(file.open(QIODevice::ReadOnly));
    QXmlStreamReader xml(&file);
    for (QString source; !xml.atEnd(); xml.readNext()) {
      if (!xml.isStartElement()) continue;
      if (xml.name() == u"source") source = xml.readElementText();
      if (xml.name() == u"translation") {
        EXPECT_NE(xml.attributes().value(u"type"_s), u"unfinished"_s) << source.toStdString();
        EXPECT_NE(xml.attributes().value(u"type"_s), u"vanished"_s) << source.toStdString();
      }
    }
  }
}

TEST(Translations, AGermanDesktopGetsAGermanWindow) {
  const QLocale before;
  QLocale::setDefault(QLocale(QLocale::German, QLocale::Germany));
  {
    testing_support::TemporaryFolder home;
    Bench bench({home.path()});
    bench.show("runs");
    EXPECT_EQ(bench.window().windowTitle(), u"Läufe – Athanor"_s);
    EXPECT_EQ(bench.window().actions()->action(u"experiment.launch"_s), nullptr);
    bench.show("experiment");
    EXPECT_EQ(bench.window().actions()->action(u"experiment.launch"_s)->text(), u"Starten"_s);
    EXPECT_EQ(QCoreApplication::translate("athanor::app::RunsPage", "%n run(s)", nullptr, 1), u"1 Lauf"_s);
    EXPECT_EQ(QCoreApplication::translate("athanor::app::RunsPage", "%n run(s)", nullptr, 3), u"3 Läufe"_s);
  }
  QLocale::setDefault(before);
  EXPECT_EQ(QCoreApplication::translate("athanor::app::RunsPage", "%n runs", nullptr), u"%n runs"_s);
}

}  // namespace
}  // namespace athanor::app
