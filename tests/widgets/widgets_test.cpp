// Widgets driven as a person would: keys, drags, typing.
#include "tests/widgets/plot_data.h"
#include "widgets/common/theme.h"
#include "widgets/feedback/message_bar.h"
#include "widgets/forms/field_editor.h"
#include "widgets/forms/field_row.h"
#include "widgets/forms/form_view.h"
#include "widgets/gallery/picture_source.h"
#include "widgets/gallery/retrieval_board.h"
#include "widgets/log/log_ring.h"
#include "widgets/log/log_view.h"
#include "widgets/palette/command_palette.h"
#include "widgets/parts/text_paint.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/plot/plot_link.h"
#include "widgets/plot/strip.h"
#include "widgets/tables/search_line.h"

#include <gtest/gtest.h>

#include <QAccessible>
#include <QImage>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QToolButton>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;

Curve with_columns(const std::vector<CurveColumn>& columns) {
  Curve curve = curve_of(columns);
  curve.name = u"train/loss"_s;
  curve.label = u"training"_s;
  return curve;
}

Curve ramp(int count, int first = 0) {
  std::vector<CurveColumn> columns;
  for (int i = 0; i < count; ++i)
    columns.push_back({double(first + i), i * 0.5, 5.0 - i * 0.01, 5.2 - i * 0.01, 5.1 - i * 0.01, 5.1 - i * 0.01});
  return with_columns(columns);
}

struct Plot : testing::Test {
  Plot() : first(u"Loss"_s), second(u"Rate"_s) {
    for (MetricPlot* plot : {&first, &second}) {
      plot->set_link(&link);
      plot->resize(480, 240);
      plot->show();
      plot->set_curves({ramp(200)});
    }
  }
  PlotLink link;
  MetricPlot first, second;
};

TEST_F(Plot, DrawsWhatItIsGivenAndSaysWhen) {
  QSignalSpy drawn(&first, &MetricPlot::drawn);
  first.set_curves({ramp(100)});
  EXPECT_TRUE(drawn.wait(2000));
}

TEST_F(Plot, KeysZoomAndPanEveryLinkedPlot) {
  QTest::keyClick(&first, Qt::Key_Plus);
  ASSERT_TRUE(link.range());
  const auto zoomed_range = *link.range();
  EXPECT_LT(zoomed_range.second - zoomed_range.first, 199);
  QTest::keyClick(&second, Qt::Key_Right);
  EXPECT_GT(link.range()->first, zoomed_range.first);
  QTest::keyClick(&second, Qt::Key_Home);
  EXPECT_FALSE(link.range());
}

TEST_F(Plot, DraggingZoomsAndDoubleClickReturns) {
  QWidget* canvas = first.childAt(first.width() / 2, first.height() / 2);
  ASSERT_NE(canvas, nullptr);
  const int y = canvas->height() / 2;
  QTest::mousePress(canvas, Qt::LeftButton, {}, {140, y});
  QTest::mouseMove(canvas, {240, y});
  QTest::mouseRelease(canvas, Qt::LeftButton, {}, {240, y});
  ASSERT_TRUE(link.range());
  EXPECT_GT(link.range()->first, 20);
  EXPECT_LT(link.range()->second, 150);
  QTest::mouseDClick(canvas, Qt::LeftButton, {}, {140, y});
  EXPECT_FALSE(link.range());
}

TEST_F(Plot, CursorTellsTheValueThere) {
  link.set_cursor(100);
  EXPECT_EQ(first.legend_text(), u"4.1"_s);
  QTest::keyClick(&first, Qt::Key_Right, Qt::ControlModifier);
  EXPECT_EQ(*link.cursor(), 101);
  EXPECT_TRUE(first.accessibleDescription().contains(u"step 101"_s));
  QTest::keyClick(&first, Qt::Key_Escape);
  EXPECT_FALSE(link.cursor());
}

TEST_F(Plot, ZoomNarrowsTheHeightToWhatIsInView) {
  const auto whole = first.shown_y_range();
  link.set_range(0, 10);
  const auto part = first.shown_y_range();
  EXPECT_LT(part.second - part.first, whole.second - whole.first);
}

TEST_F(Plot, ShowsTheSameNumbersAsATable) {
  QTest::keyClick(&first, Qt::Key_T);
  auto* table = first.findChild<QTableView*>();
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->model()->rowCount(), 200);
  EXPECT_EQ(table->model()->index(100, 1).data().toString(), u"4.1"_s);
  EXPECT_FALSE(table->accessibleName().isEmpty());
}

TEST_F(Plot, LogarithmicScaleIsAKeyAway) {
  QSignalSpy changed(&first, &MetricPlot::logarithmic_changed);
  QTest::keyClick(&first, Qt::Key_L);
  EXPECT_TRUE(first.is_logarithmic());
  EXPECT_EQ(changed.count(), 1);
  EXPECT_GT(first.shown_y_range().first, 0);
}

TEST_F(Plot, GivesTheLegendTheLinesThatEveryNameNeeds) {
  std::vector<Curve> curves(4, ramp(20));
  for (Curve& curve : curves) curve.label = u"text → picture R@10"_s;
  first.set_curves(curves);
  first.resize(900, 240);
  const int one_line = first.layout()->contentsMargins().top();
  first.resize(420, 240);
  const int two_lines = first.layout()->contentsMargins().top();
  first.resize(240, 240);
  const int four_lines = first.layout()->contentsMargins().top();
  EXPECT_GT(two_lines, one_line);
  EXPECT_EQ(four_lines - one_line, 3 * (two_lines - one_line));
}

TEST_F(Plot, ASingleEvaluationStandsInTheWholeRange) {
  first.set_curves({ramp(1)});
  first.set_whole_x(240, 100);
  EXPECT_EQ(first.shown_x_range(), std::pair(0.0, 240.0));
  second.set_curves({ramp(1, 200)});
  second.set_whole_x(240, 100, 180);
  EXPECT_EQ(second.shown_x_range(), std::pair(180.0, 240.0));
  link.set_axis(XAxis::time);
  EXPECT_EQ(first.shown_x_range(), std::pair(0.0, 100.0));
}

TEST_F(Plot, SaysThatThereIsNothingYet) {
  MetricPlot empty(u"Loss"_s);
  empty.set_empty_text(u"The first step brings the first loss"_s);
  empty.set_curves({});
  EXPECT_EQ(empty.accessibleDescription(), u"The first step brings the first loss"_s);
}

TEST_F(Plot, MakesRoomForTheNumbersBesideIt) {
  const auto room = [&](double highest) {
    std::vector<CurveColumn> columns(50, {0, 0, 0, 0, 0, 0});
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i].step = static_cast<double>(i);
    columns.back().maximum = columns.back().last = columns.back().line = highest;
    QSignalSpy drawn(&first, &MetricPlot::drawn);
    first.set_curves({with_columns(columns)});
    EXPECT_TRUE(drawn.wait(2000));
    return first.useful_columns();
  };
  EXPECT_LT(room(0.00085), room(8.5));  // 0.00025 stands there, and 2.5
}

TEST_F(Plot, TellsAssistiveProgramsEverySeriesWithItsValue) {
  Curve second_curve = ramp(200);
  second_curve.label = u"evaluation"_s;
  first.set_curves({ramp(200), second_curve});
  QAccessibleInterface* whole = QAccessible::queryAccessibleInterface(&first);
  ASSERT_NE(whole, nullptr);
  EXPECT_EQ(whole->role(), QAccessible::Chart);
  EXPECT_EQ(whole->text(QAccessible::Name), u"Plot: Loss"_s);
  EXPECT_TRUE(whole->text(QAccessible::Description).contains(u"3.11 at step 199"_s));
  ASSERT_GE(whole->childCount(), 2);
  QAccessibleInterface* series = whole->child(1);
  EXPECT_EQ(series->text(QAccessible::Name), u"evaluation"_s);
  EXPECT_EQ(series->text(QAccessible::Value), u"3.11 at step 199"_s);
  EXPECT_EQ(series->parent(), whole);
  EXPECT_EQ(whole->indexOfChild(series), 1);
  EXPECT_TRUE(whole->rect().contains(series->rect()));
  // The widgets inside are still there, after the series.
  EXPECT_NE(whole->child(2), nullptr);
  EXPECT_EQ(whole->indexOfChild(whole->child(2)), 2);
  first.set_curves({ramp(200)});
  EXPECT_FALSE(series->isValid());
}

TEST(ElidedLabel, LeavesWholePartsOut) {
  ElidedLabel label;
  label.set_parts({u"Step 1 of 2"_s, u"1 min left"_s, u"2 min so far"_s});
  label.resize(label.fontMetrics().horizontalAdvance(label.text()) - 4, 20);
  const QImage narrow = label.grab().toImage();
  EXPECT_EQ(label.toolTip(), label.text());
  label.set_parts({u"Step 1 of 2"_s, u"1 min left"_s});
  EXPECT_EQ(label.grab().toImage(), narrow);
}

TEST(Strip, SaysThatAnUntoldUtilisationIsUnknown) {
  UtilisationStrip strip(u"GPU 0"_s, 0);
  strip.set_samples({{0, -1}, {1, -1}});
  EXPECT_EQ(strip.accessibleDescription(), u"unknown"_s);
  for (const StripBar& bar : fold_strip({{0, -1}, {1, -1}}, 0, 1, 2)) EXPECT_TRUE(bar.empty);
}

TEST(Strip, TellsAssistiveProgramsItsValues) {
  UtilisationStrip strip(u"CPU"_s, 0);
  strip.set_samples({{0, 0.5}, {1, 0.75}});
  strip.set_detail(u"1.2 of 7.8 GiB"_s);
  QAccessibleInterface* whole = QAccessible::queryAccessibleInterface(&strip);
  EXPECT_EQ(whole->text(QAccessible::Name), u"CPU"_s);
  EXPECT_EQ(whole->text(QAccessible::Value), u"75\u00a0%"_s);
  ASSERT_EQ(whole->childCount(), 2);
  EXPECT_EQ(whole->child(1)->text(QAccessible::Value), u"1.2 of 7.8 GiB"_s);
}

struct Form : testing::Test {
  Form() {
    FieldSpec steps{u"train.steps"_s,       u"train"_s, u"Steps"_s, FieldKind::integer, u"steps"_s, u"400"_s, {}, {},
                    u"How many batches."_s, false,      false};
    FieldSpec beta{u"train.beta1"_s,
                   u"train"_s,
                   u"Beta 1"_s,
                   FieldKind::real,
                   {},
                   u"0.9"_s,
                   {},
                   {},
                   u"Memory of the gradient."_s,
                   true,
                   false};
    FieldSpec groups{u"data.groups"_s,
                     u"data"_s,
                     u"Groups"_s,
                     FieldKind::list,
                     {},
                     u"Food & Drink"_s,
                     {},
                     {u"Food & Drink"_s, u"Objects"_s},
                     u"Which take part."_s,
                     false,
                     false};
    form.build({{u"data"_s, u"Data"_s, {}}, {u"train"_s, u"Training"_s, {}}}, {steps, beta, groups});
    form.resize(700, 500);
    form.show();
  }
  QLineEdit* line(const QString& id) { return qobject_cast<QLineEdit*>(form.row(id)->editor()->focus_target()); }
  FormView form;
};

TEST(FormChoices, AreShownByTheirWordsAndKeepTheirNames) {
  FieldSpec loss{u"loss"_s, u"train"_s, u"Loss"_s, FieldKind::choice,      {}, u"soft"_s, {}, {u"soft"_s, u"hard"_s},
                 {},        false,      false,     {u"weich"_s, u"hart"_s}};
  FormView form;
  form.build({{u"train"_s, u"Training"_s, {}}}, {loss});
  auto* box = qobject_cast<QComboBox*>(form.row(u"loss"_s)->editor()->focus_target());
  ASSERT_TRUE(box);
  EXPECT_EQ(box->currentText(), u"weich"_s);
  EXPECT_EQ(form.text(u"loss"_s), u"soft"_s);
  form.set_text(u"loss"_s, u"hard"_s);
  EXPECT_EQ(box->currentText(), u"hart"_s);
  QSignalSpy edited(&form, &FormView::edited);
  box->setCurrentIndex(0);
  Q_EMIT box->activated(0);
  ASSERT_EQ(edited.count(), 1);
  EXPECT_EQ(edited.first()[1].toString(), u"soft"_s);
  form.set_text(u"loss"_s, u"odd"_s);  // shown as it is
  EXPECT_EQ(box->currentText(), u"odd"_s);
  EXPECT_EQ(form.text(u"loss"_s), u"odd"_s);
}

TEST_F(Form, TellsWhatWasTyped) {
  QSignalSpy edited(&form, &FormView::edited);
  line(u"train.steps"_s)->selectAll();
  QTest::keyClicks(line(u"train.steps"_s), u"5x"_s);
  ASSERT_EQ(edited.count(), 2);
  EXPECT_EQ(edited.last()[0].toString(), u"train.steps"_s);
  EXPECT_EQ(edited.last()[1].toString(), u"5x"_s);
}

TEST_F(Form, MarksChangesAndResetsThem) {
  FieldRow* row = form.row(u"train.steps"_s);
  auto* reset = row->findChild<QToolButton*>();
  EXPECT_FALSE(row->is_changed());
  EXPECT_FALSE(reset->isVisible());
  form.set_text(u"train.steps"_s, u"200"_s);
  EXPECT_TRUE(row->is_changed());
  EXPECT_TRUE(reset->isVisible());
  QSignalSpy edited(&form, &FormView::edited);
  QTest::mouseClick(reset, Qt::LeftButton);
  EXPECT_EQ(form.text(u"train.steps"_s), u"400"_s);
  EXPECT_EQ(edited.count(), 1);
}

TEST_F(Form, ShowsTheVerdictInPlaceOfTheHelp) {
  form.set_verdicts({{u"train.steps"_s, u"must be between 1 and 10"_s}});
  EXPECT_EQ(form.row(u"train.steps"_s)->verdict(), u"must be between 1 and 10"_s);
  EXPECT_EQ(line(u"train.steps"_s)->accessibleDescription(), u"must be between 1 and 10"_s);
  EXPECT_TRUE(line(u"train.steps"_s)->property("faulty").toBool());
  form.set_verdicts({});
  EXPECT_TRUE(form.row(u"train.steps"_s)->verdict().isEmpty());
}

TEST_F(Form, EverySectionWithAFaultIsMarkedInItsTone) {
  const auto dots = [&](const QString& section) {
    for (QPushButton* jump : form.findChildren<QPushButton*>()) {
      if (jump->text() != section) continue;
      const QImage image = jump->grab().toImage().convertToFormat(QImage::Format_RGB32);
      const QRgb bad = current_theme().color(Role::bad).rgb();
      int count = 0;
      for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x) count += image.pixel(x, y) == bad ? 1 : 0;
      EXPECT_EQ(count > 0, !jump->accessibleDescription().isEmpty());
      return count;
    }
    return -1;
  };
  EXPECT_EQ(dots(u"Data"_s), 0);
  form.set_verdicts({{u"data.groups"_s, u"must name one"_s}, {u"train.steps"_s, u"must be between 1 and 10"_s}});
  EXPECT_GE(dots(u"Data"_s), 30);  // also of the section in view
  EXPECT_GE(dots(u"Training"_s), 30);
  form.set_verdicts({});
  EXPECT_EQ(dots(u"Training"_s), 0);
}

TEST_F(Form, FoldsAdvancedFieldsUntilAskedChangedOrFaulty) {
  EXPECT_TRUE(form.row(u"train.beta1"_s)->isHidden());
  form.show_advanced(true);
  EXPECT_FALSE(form.row(u"train.beta1"_s)->isHidden());
  form.show_advanced(false);
  EXPECT_TRUE(form.row(u"train.beta1"_s)->isHidden());
  form.set_verdicts({{u"train.beta1"_s, u"too large"_s}});
  EXPECT_FALSE(form.row(u"train.beta1"_s)->isHidden());
}

TEST_F(Form, SearchFindsAdvancedFieldsToo) {
  form.filter(u"gradient memory"_s);
  EXPECT_EQ(form.visible_rows(), 1);
  EXPECT_FALSE(form.row(u"train.beta1"_s)->isHidden());
  form.filter(u"nothing like this"_s);
  EXPECT_EQ(form.visible_rows(), 0);
  form.filter({});
  EXPECT_EQ(form.visible_rows(), 2);
}

TEST_F(Form, RevealOpensWhatIsFoldedAndTakesTheFocus) {
  form.activateWindow();
  form.reveal(u"train.beta1"_s);
  EXPECT_FALSE(form.row(u"train.beta1"_s)->isHidden());
  EXPECT_EQ(form.focusWidget(), line(u"train.beta1"_s));
}

TEST_F(Form, TicksKeepAmpersandsAndForeignValues) {
  QSignalSpy edited(&form, &FormView::edited);
  const auto ticks = form.row(u"data.groups"_s)->editor()->findChildren<QToolButton*>();
  ASSERT_EQ(ticks.size(), 2);
  EXPECT_TRUE(ticks[0]->isChecked());
  QTest::mouseClick(ticks[1], Qt::LeftButton);
  EXPECT_EQ(edited.last()[1].toString().split(kListSeparator), (QStringList{u"Food & Drink"_s, u"Objects"_s}));
  form.set_text(u"data.groups"_s, u"Nonsense"_s);
  EXPECT_EQ(form.text(u"data.groups"_s), u"Nonsense"_s);
}

class NoPictures final : public PictureSource {
 public:
  Picture picture(const QString& key) override {
    asked << key;
    return {};
  }
  QStringList asked;
};

BoardQuery text_query(std::int64_t id, std::int64_t rank) {
  BoardQuery q;
  q.id = id;
  q.label = QString::number(id);
  q.truth_rank = rank;
  q.gallery_size = 10;
  for (std::int64_t i = 0; i < 5; ++i) q.answers.push_back({id + i, u"a"_s, QString::number(id + i) + u".png"_s, 0.5});
  return q;
}

TEST(Board, ShowsTheNewestEvaluationAndComparesOnRequest) {
  NoPictures pictures;
  RetrievalBoard board(&pictures);
  QSignalSpy chosen(&board, &RetrievalBoard::steps_chosen);
  board.set_steps({0, 40});
  EXPECT_EQ(board.shown_step(), 40);
  EXPECT_EQ(board.compared_step(), -1);
  board.set_compared_step(0);
  ASSERT_EQ(chosen.count(), 2);
  EXPECT_EQ(chosen.last()[1].toLongLong(), 0);
  board.set_steps({0, 40, 80});
  EXPECT_EQ(board.shown_step(), 80);
  EXPECT_EQ(board.compared_step(), 0);
}

TEST(Board, ArrowsMoveBetweenCardsAndPicturesAreAskedOnlyWhenSeen) {
  NoPictures pictures;
  RetrievalBoard board(&pictures);
  board.resize(800, 600);
  board.set_steps({10});
  board.set_queries({text_query(1, 1), text_query(2, 3), text_query(3, 9)});
  EXPECT_TRUE(pictures.asked.isEmpty());
  board.show();
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&board));
  board.activateWindow();
  board.grab();
  EXPECT_TRUE(pictures.asked.contains(u"1.png"_s));
  QWidget* card = nullptr;
  for (QWidget* child : board.findChildren<QWidget*>())
    if (child->accessibleName().contains(u"“1”"_s)) card = child;
  ASSERT_NE(card, nullptr);
  EXPECT_TRUE(card->accessibleDescription().contains(u"Rank 1 of 10"_s));
  card->setFocus();
  QTest::keyClick(card, Qt::Key_Right);
  EXPECT_TRUE(board.focusWidget()->accessibleName().contains(u"“2”"_s));
}

TEST(Board, AnswersAreNamedChildrenOfTheirCard) {
  NoPictures pictures;
  RetrievalBoard board(&pictures);
  board.resize(800, 600);
  board.set_steps({10});
  BoardQuery query = text_query(1, 1);
  query.earlier_answers = {{9, u"snail"_s, u"9.png"_s, 0.25}};
  board.set_queries({query});
  board.show();
  QAccessibleInterface* card = nullptr;
  for (QWidget* child : board.findChildren<QWidget*>())
    if (child->accessibleName().contains(u"“1”"_s)) card = QAccessible::queryAccessibleInterface(child);
  ASSERT_NE(card, nullptr);
  EXPECT_EQ(card->role(), QAccessible::List);
  ASSERT_EQ(card->childCount(), 6);
  EXPECT_EQ(card->child(0)->text(QAccessible::Name), u"Answer 1: a"_s);
  EXPECT_EQ(card->child(0)->text(QAccessible::Value), u"right, score 0.50"_s);
  EXPECT_EQ(card->child(5)->text(QAccessible::Name), u"Before, answer 1: snail"_s);
  const QPoint middle = card->child(2)->rect().center();
  EXPECT_EQ(card->childAt(middle.x(), middle.y()), card->child(2));
}

TEST(Palette, RunsTheBestHitOnEnter) {
  QWidget window;
  window.resize(900, 600);
  auto* palette = new CommandPalette(&window);
  window.show();
  window.activateWindow();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&window));
  QSignalSpy chosen(palette, &CommandPalette::chosen);
  palette->open(
      {{u"a"_s, u"Delete"_s, {}, {}, {}, false, u"select one"_s}, {u"b"_s, u"Go to Live"_s, {}, {}, {}, true, {}}});
  EXPECT_EQ(palette->shown_rows(), 2);
  QTest::keyClicks(palette->line(), u"live"_s);
  EXPECT_EQ(palette->shown_rows(), 1);
  QTest::keyClick(palette->line(), Qt::Key_Return);
  ASSERT_EQ(chosen.count(), 1);
  EXPECT_EQ(chosen.first()[0].toString(), u"b"_s);
  EXPECT_FALSE(palette->isVisible());
}

TEST(Palette, IsAsHighAsItsRows) {
  QWidget window;
  window.resize(900, 900);
  auto* palette = new CommandPalette(&window);
  window.show();
  std::vector<Command> commands;
  for (int i = 0; i < 40; ++i) commands.push_back({QString::number(i), u"Command %1"_s.arg(i), {}, {}, {}, true, {}});
  palette->open(commands);
  const int many = palette->height();
  QTest::keyClicks(palette->line(), u"39"_s);
  EXPECT_EQ(palette->shown_rows(), 1);
  EXPECT_LT(palette->height(), 120);
  EXPECT_GT(many, 500);
}

TEST(Palette, DoesNotRunWhatCannotRun) {
  QWidget window;
  window.resize(900, 600);
  auto* palette = new CommandPalette(&window);
  window.show();
  QSignalSpy chosen(palette, &CommandPalette::chosen);
  palette->open({{u"a"_s, u"Delete"_s, {}, {}, {}, false, u"select one"_s}});
  QTest::keyClick(palette->line(), Qt::Key_Return);
  EXPECT_EQ(chosen.count(), 0);
  QTest::keyClick(palette->line(), Qt::Key_Escape);
  EXPECT_FALSE(palette->isVisible());
}

TEST(LogView, SearchNarrowsAndCounts) {
  LogRing ring(100);
  LogView view(&ring);
  ring.append({{1, 0, LogLevel::info, u"step 1"_s}, {2, 0, LogLevel::info, u"checkpoint"_s}});
  view.search_line()->search_now(u"CHECK"_s);
  EXPECT_EQ(view.shown_rows(), 1);
  QTest::keyClick(view.search_line(), Qt::Key_Escape);
  EXPECT_EQ(view.shown_rows(), 2);
}

TEST(LogView, TheWidestLineIsReachedByScrolling) {
  LogRing ring(100);
  LogView view(&ring);
  view.resize(400, 200);
  view.show();
  ring.append({{1, 0, LogLevel::info, u"short"_s}});
  const QScrollBar* bar = view.findChild<QListView*>()->horizontalScrollBar();
  QTest::qWait(0);
  EXPECT_EQ(bar->maximum(), 0);
  const QString line(300, u'w');
  ring.append({{2, 0, LogLevel::error, line}});
  const int width = QFontMetrics(view.findChild<QListView*>()->font()).horizontalAdvance(line);
  EXPECT_TRUE(QTest::qWaitFor([&] { return bar->maximum() + bar->pageStep() >= width; }));
}

TEST(SearchLine, OffersWhatCouldBeWrittenAndTakesItOver) {
  SearchLine line(u"Search"_s);
  line.set_suggestions([](const QString& text, int caret) {
    const int begin = static_cast<int>(text.lastIndexOf(u' ', caret - 1)) + 1;
    Suggestions out{begin, caret, {}};
    for (const QString& name : {u"loss"_s, u"lr"_s, u"steps"_s})
      if (name.startsWith(text.mid(begin, caret - begin))) out.all.push_back({name, u"metric"_s});
    return out;
  });
  line.show();
  QTest::keyClicks(&line, u"abl l"_s);
  EXPECT_EQ(line.suggestions()->count(), 2);
  EXPECT_EQ(line.suggestions()->chosen(), QString()) << "Enter still searches for what was typed";
  QTest::keyClick(&line, Qt::Key_Down);
  QTest::keyClick(&line, Qt::Key_Down);
  EXPECT_EQ(line.suggestions()->chosen(), u"lr"_s);
  QTest::keyClick(&line, Qt::Key_Return);
  EXPECT_EQ(line.text(), u"abl lr"_s);
  EXPECT_EQ(line.suggestions()->count(), 0);
  QTest::keyClicks(&line, u" s"_s);
  QTest::keyClick(&line, Qt::Key_Tab);
  EXPECT_EQ(line.text(), u"abl lr steps"_s);
  QTest::keyClicks(&line, u" "_s);
  EXPECT_EQ(line.suggestions()->count(), 0) << "nothing is begun";
  QTest::keyClick(&line, Qt::Key_Space, Qt::ControlModifier);
  EXPECT_EQ(line.suggestions()->count(), 3);
  QTest::keyClick(&line, Qt::Key_Escape);
  EXPECT_EQ(line.suggestions()->count(), 0);
  EXPECT_EQ(line.text(), u"abl lr steps "_s);
  QTest::keyClick(&line, Qt::Key_Escape);
  EXPECT_EQ(line.text(), QString());
}

TEST(SearchLine, WaitsForAPauseInTyping) {
  SearchLine line(u"Search"_s);
  QSignalSpy searched(&line, &SearchLine::search_changed);
  QTest::keyClicks(&line, u"abc"_s);
  EXPECT_EQ(searched.count(), 0);
  ASSERT_TRUE(searched.wait(2000));
  EXPECT_EQ(searched.count(), 1);
  EXPECT_EQ(searched.first()[0].toString(), u"abc"_s);
}

TEST(MessageBar, SaysIntentionCauseAndRemedyAndOffersAnAction) {
  MessageBar bar;
  bool acted = false;
  bar.show_message({MessageKind::error, u"could not start"_s, u"the disk is full"_s, u"free some space"_s, u"Retry"_s,
                    [&] { acted = true; }, 0});
  EXPECT_EQ(bar.text(), u"Could not start. The disk is full. Free some space."_s);
  auto* button = bar.findChild<QPushButton*>();
  ASSERT_NE(button, nullptr);
  QTest::mouseClick(button, Qt::LeftButton);
  EXPECT_TRUE(acted);
  EXPECT_TRUE(bar.isHidden());
}

}  // namespace
}  // namespace athanor::widgets
