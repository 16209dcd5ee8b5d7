// The catalogues: whole, true to their placeholders, and in force where the desktop speaks the language.
#include "app/language/language_switch.h"
#include "app/shell/shortcut_sheet.h"
#include "tests/app/bench.h"
#include "tests/app/catalogues.h"
#include "tests/support/temporary_folder.h"
#include "widgets/forms/field_row.h"
#include "widgets/forms/form_view.h"

#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QDir>
#include <QHeaderView>
#include <QLabel>
#include <QProcess>
#include <QRegularExpression>
#include <QScrollArea>
#include <QStandardPaths>
#include <QToolButton>
#include <QXmlStreamReader>

#include <cctype>
#include <map>

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
  const QDir folder = catalogue_folder();
  QStringList expected;
  for (const Language& language : languages())
    if (language.code != u"en"_s)
      expected << u"athanor_%1.ts"_s.arg(language.code) << u"recipe_%1.ts"_s.arg(language.code);
  expected.sort();
  const QStringList catalogues = folder.entryList({u"*.ts"_s}, QDir::Files, QDir::Name);
  EXPECT_EQ(catalogues, expected);
  int all = 0;
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
    all += texts;
  }
  EXPECT_GT(all, 500 * expected.size() / 2);
}

// Of buttons with words: what they need as they are when they are chosen.
int room_for_words(const QAbstractButton* button) {
  QFont bold = button->font();
  bold.setWeight(QFont::DemiBold);
  return QFontMetrics(bold).horizontalAdvance(button->text()) + 20;  // paddings
}

class WordsOfALanguage : public testing::TestWithParam<QLocale::Language> {};
INSTANTIATE_TEST_SUITE_P(Every, WordsOfALanguage, testing::Values(QLocale::German, QLocale::Chinese));

TEST_P(WordsOfALanguage, AreNotCutAtAnyWidthOfTheWindow) {
  const QLocale before;
  QLocale::setDefault(QLocale(GetParam()));
  {
    testing_support::TemporaryFolder home;
    fill_history(home.path(), {3, false, false, 0});
    Bench bench({home.path()});
    bench.show("runs");
    bench.show("experiment");
    for (const int width : {900, 960, 980, 1040, 1360}) {
      bench.window().resize(width, 700);
      for (const char* page : {"runs", "experiment"}) {
        bench.show(page);
        QTest::qWait(0);
        for (const QAbstractButton* button : bench.window().findChildren<QAbstractButton*>()) {
          const auto* tool = qobject_cast<const QToolButton*>(button);
          const bool navigates = button->property("nav").toBool() || button->property("jump").toBool();
          if (!navigates || !button->isVisible() || (tool && tool->toolButtonStyle() == Qt::ToolButtonIconOnly))
            continue;
          EXPECT_LE(room_for_words(button) + (tool ? button->iconSize().width() : 0), button->width())
              << button->text().toStdString() << " at " << width;
        }
      }
      const auto* area = bench.experiment().form()->findChild<QScrollArea*>();
      EXPECT_LE(area->widget()->width(), area->viewport()->width()) << width;
      const QHeaderView* header = bench.runs().table()->horizontalHeader();
      for (int i = 0; i < header->count(); ++i) {
        const QString heading = header->model()->headerData(i, Qt::Horizontal).toString();
        if (header->isSectionHidden(i)) continue;
        EXPECT_LE(header->fontMetrics().horizontalAdvance(heading) + 10, header->sectionSize(i))
            << heading.toStdString();
      }
    }
    Bench fresh({home.path()});  // whose page is laid out first while it is shown
    fresh.window().resize(980, 700);
    fresh.show("experiment");
    const auto* area = fresh.experiment().form()->findChild<QScrollArea*>();
    EXPECT_TRUE(Bench::until([&] { return area->widget()->width() <= area->viewport()->width(); }));
    for (const int width : {900, 1360}) {
      bench.window().resize(width, 700);
      bench.run("view.shortcuts");
      const auto* sheet = bench.window().findChild<ShortcutSheet*>();
      for (const QLabel* label : sheet->findChildren<QLabel*>())
        EXPECT_LE(label->sizeHint().width(), label->width()) << label->text().toStdString() << " at " << width;
      const auto* scrolled = sheet->findChild<QScrollArea*>();
      EXPECT_LE(scrolled->widget()->width(), scrolled->viewport()->width());
    }
  }
  QLocale::setDefault(before);
}

// A text that is not in the catalogue is as good as one that is not translated.
TEST(Translations, EveryTextOfTheSourcesIsInTheCatalogues) {
  const QString program = QStandardPaths::findExecutable(u"lupdate"_s, {u"/usr/lib/qt6/bin"_s});
  if (program.isEmpty()) GTEST_SKIP() << "needs lupdate";
  const testing_support::TemporaryFolder folder;
  const QDir catalogues = catalogue_folder();
  for (const QString& name : catalogues.entryList({u"athanor_*.ts"_s})) {
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

TEST(Translations, EveryWordOfTheRecipesSchemaIsTranslatedAndNoOther) {
  for (const QString& catalogue : catalogue_folder().entryList({u"recipe_*.ts"_s})) {
    std::map<QString, QString> left = texts_of(catalogue, u"Recipe"_s);
    const std::map<QString, QString> all = left;
    const auto expect = [&](const std::string& text) {
      if (text.empty()) return;
      EXPECT_TRUE(all.contains(QString::fromStdString(text))) << "not in " << catalogue.toStdString() << ": " << text;
      left.erase(QString::fromStdString(text));
    };
    for (const recipe::Section& section : recipe::sections()) {
      expect(section.label);
      expect(section.help);
    }
    for (const recipe::Field& field : recipe::fields()) {
      for (const std::string& text : {field.label, field.help, field.unit}) expect(text);
      for (const std::string& choice : field.choices)
        if (std::isupper(static_cast<unsigned char>(choice.front())) != 0) expect(choice);  // a word, no name
    }
    for (const auto& [source, translated] : left) ADD_FAILURE() << "in no recipe: " << source.toStdString();
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
    const widgets::FieldRow* groups = bench.experiment().form()->row(u"data.groups"_s);
    EXPECT_EQ(groups->field().label, u"Gruppen"_s);
    EXPECT_TRUE(groups->field().choice_words.contains(u"Tiere & Natur"_s));
    EXPECT_EQ(bench.experiment().form()->row(u"data.batch_size"_s)->field().unit, u"Paare"_s);
    EXPECT_TRUE(groups->text().startsWith(u"Animals & Nature"_s));  // what is chosen keeps its name
    EXPECT_EQ(bench.window().actions()->action(u"experiment.launch"_s)->text(), u"Starten"_s);
    EXPECT_EQ(QCoreApplication::translate("athanor::app::RunsPage", "%n run(s)", nullptr, 1), u"1 Lauf"_s);
    EXPECT_EQ(QCoreApplication::translate("athanor::app::RunsPage", "%n run(s)", nullptr, 3), u"3 Läufe"_s);
  }
  QLocale::setDefault(before);
  EXPECT_EQ(QCoreApplication::translate("athanor::app::RunsPage", "%n runs", nullptr), u"%n runs"_s);
}

TEST(Translations, AChineseDesktopGetsAChineseWindow) {
  const QLocale before;
  QLocale::setDefault(QLocale(QLocale::Chinese, QLocale::China));
  {
    testing_support::TemporaryFolder home;
    Bench bench({home.path()});
    bench.show("experiment");
    EXPECT_EQ(bench.window().windowTitle(), u"新建实验 – Athanor"_s);
    const widgets::FieldRow* groups = bench.experiment().form()->row(u"data.groups"_s);
    EXPECT_TRUE(groups->field().choice_words.contains(u"动物与自然"_s));
    EXPECT_TRUE(groups->text().startsWith(u"Animals & Nature"_s));
    EXPECT_EQ(bench.experiment().form()->row(u"train.learning_rate"_s)->field().label, u"学习率"_s);
    EXPECT_EQ(QCoreApplication::translate("athanor::app::RunsPage", "%n run(s)", nullptr, 3), u"3 个运行"_s);
  }
  QLocale::setDefault(before);
}

}  // namespace
}  // namespace athanor::app
