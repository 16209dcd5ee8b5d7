// Plots of many curves: pointed at, gone through by keys, linked, over other axes, and out into files.
#include "tests/widgets/plot_data.h"
#include "widgets/common/numbers.h"
#include "widgets/plot/curve_table.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/plot/plot_link.h"

#include <gtest/gtest.h>

#include <QAccessible>
#include <QBuffer>
#include <QFile>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;

// Runs by level: the higher the id, the lower the curve. Uneven by `noise`.
std::vector<Curve> runs(int count, int columns = 101, double noise = 0.01) {
  std::vector<Curve> out;
  for (int c = 0; c < count; ++c) {
    std::vector<CurveColumn> all;
    for (int i = 0; i < columns; ++i) {
      const double value = 10.0 - 9.0 * c / count + noise * (i * 7919 % 3) + (noise > 0.1 ? noise * (i * c % 7) : 0);
      all.push_back({double(i), i * 0.5, value - 0.02, value + 0.02, value, value, 0, i * 32.0});
    }
    out.push_back(curve_of(all));
    out.back().id = 100 + c;
    out.back().label = u"run-%1"_s.arg(c);
    out.back().colour = c;
    out.back().began = 1.7e9;
  }
  return out;
}

struct ManyRuns : testing::Test {
  ManyRuns() : plot(u"Loss"_s), other(u"Accuracy"_s) {
    for (MetricPlot* one : {&plot, &other}) {
      one->set_link(&link);
      one->resize(520, 320);
      one->show();
    }
    give(plot, runs(4));
    give(other, runs(4));
  }
  static void give(MetricPlot& to, std::vector<Curve> curves) {
    QSignalSpy drawn(&to, &MetricPlot::drawn);
    to.set_curves(std::move(curves));
    ASSERT_TRUE(drawn.wait(10'000));
  }
  [[nodiscard]] QWidget* canvas() const {
    for (QWidget* part : plot.findChildren<QWidget*>())
      if (part->inherits("QCustomPlot")) return part;
    return nullptr;
  }
  // Where a value stands, from the ranges that are shown.
  [[nodiscard]] QPoint place(double value) const {
    const int left = canvas()->width() - 10 - plot.useful_columns();
    const auto [low, high] = plot.shown_y_range();
    const double height = canvas()->height() - 6 - 22;
    return {left + plot.useful_columns() / 2, 6 + static_cast<int>((high - value) / (high - low) * height)};
  }
  void point_at(QPoint at) const {
    QMouseEvent move(QEvent::MouseMove, at, canvas()->mapToGlobal(at), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
    QApplication::sendEvent(canvas(), &move);
  }
  PlotLink link;
  MetricPlot plot, other;
};

TEST_F(ManyRuns, PointingAtACurveNamesItsRunInEveryLinkedPlot) {
  QSignalSpy hovered(&plot, &MetricPlot::curve_hovered);
  point_at(place(7.75));
  ASSERT_EQ(hovered.count(), 1);
  EXPECT_EQ(hovered.last()[0].toLongLong(), 101);
  EXPECT_EQ(plot.current_curve(), 1U);
  EXPECT_EQ(link.highlight(), 101);
  point_at(place(7.75) + QPoint(2, 1));
  EXPECT_EQ(hovered.count(), 1);
  point_at(place(9));
  EXPECT_EQ(hovered.last()[0].toLongLong(), kNoCurve);
  EXPECT_EQ(link.highlight(), kNoCurve);
}

TEST_F(ManyRuns, WhatIsPointedAtIsDrawnWiderHereAndInLinkedPlots) {
  const auto ink = [](MetricPlot& of) {
    QApplication::processEvents();
    const QImage image = of.grab().toImage();
    int sum = 0;
    for (int y = 80; y < image.height() - 30; ++y) sum += 255 - qGray(image.pixel(image.width() / 4, y));
    return sum;
  };
  const int here = ink(plot), there = ink(other);
  point_at(place(7.75));
  EXPECT_GT(ink(plot), here + 50);
  EXPECT_GT(ink(other), there + 50);
}

TEST_F(ManyRuns, TheCurrentCurveStaysTheSameRunWhenOthersComeBeforeIt) {
  QTest::keyClick(&plot, Qt::Key_Down);
  QTest::keyClick(&plot, Qt::Key_Down);
  QSignalSpy hovered(&plot, &MetricPlot::curve_hovered);
  std::vector<Curve> curves = runs(4);
  std::swap(curves[0], curves[1]);
  plot.set_curves(curves);
  EXPECT_EQ(plot.current_curve(), 0U);
  EXPECT_EQ(hovered.count(), 0);
  curves[0].visible = false;
  plot.set_curves(curves);
  EXPECT_EQ(plot.current_curve(), std::nullopt);
  ASSERT_EQ(hovered.count(), 1);
  EXPECT_EQ(hovered.last()[0].toLongLong(), kNoCurve);
}

TEST_F(ManyRuns, AClickChoosesTheRunAndADragDoesNot) {
  QSignalSpy clicked(&plot, &MetricPlot::curve_clicked);
  QTest::mouseClick(canvas(), Qt::LeftButton, {}, place(5.5));
  ASSERT_EQ(clicked.count(), 1);
  EXPECT_EQ(clicked.last()[0].toLongLong(), 102);
  QTest::mouseClick(canvas(), Qt::LeftButton, {}, place(9));
  QTest::mousePress(canvas(), Qt::LeftButton, {}, place(5.5));
  QTest::mouseRelease(canvas(), Qt::LeftButton, {}, place(5.5) + QPoint(60, 0));
  EXPECT_EQ(clicked.count(), 1);
  EXPECT_TRUE(link.range());
}

TEST_F(ManyRuns, ArrowsGoFromCurveToCurveAndSayWhich) {
  QSignalSpy hovered(&plot, &MetricPlot::curve_hovered);
  QSignalSpy clicked(&plot, &MetricPlot::curve_clicked);
  QAccessibleInterface* whole = QAccessible::queryAccessibleInterface(&plot);
  ASSERT_NE(whole, nullptr);
  QTest::keyClick(&plot, Qt::Key_Down);
  EXPECT_EQ(hovered.last()[0].toLongLong(), 100);
  QTest::keyClick(&plot, Qt::Key_Down);
  EXPECT_EQ(hovered.last()[0].toLongLong(), 101);
  EXPECT_TRUE(whole->child(1)->state().selected);
  EXPECT_FALSE(whole->child(0)->state().selected);
  EXPECT_TRUE(plot.accessibleDescription().startsWith(u"run-1: 7.7"_s)) << plot.accessibleDescription().toStdString();
  QTest::keyClick(&plot, Qt::Key_Up);
  EXPECT_EQ(hovered.last()[0].toLongLong(), 100);
  QTest::keyClick(&plot, Qt::Key_Return);
  EXPECT_EQ(clicked.last()[0].toLongLong(), 100);
  QTest::keyClick(&plot, Qt::Key_Escape);
  EXPECT_EQ(plot.current_curve(), std::nullopt);
}

TEST_F(ManyRuns, ALegendOfManySaysHowManyMoreThereAre) {
  const int rows = plot.layout()->contentsMargins().top();
  give(plot, runs(64));
  EXPECT_LE(plot.layout()->contentsMargins().top(), rows + 20);
  EXPECT_TRUE(plot.legend_text().endsWith(u"58 more"_s)) << plot.legend_text().toStdString();
  EXPECT_EQ(plot.painted_items().size(), 64U);
}

TEST_F(ManyRuns, HiddenCurvesAreNeitherDrawnNorListed) {
  std::vector<Curve> curves = runs(4);
  curves[0].visible = curves[3].visible = false;
  give(plot, curves);
  EXPECT_EQ(plot.painted_items().size(), 2U);
  EXPECT_LT(plot.shown_y_range().second, 9);
  EXPECT_FALSE(plot.legend_text().contains(u"run-0"_s));
  QTest::keyClick(&plot, Qt::Key_T);
  EXPECT_EQ(plot.findChild<QTableView*>()->model()->columnCount(), 3);
}

TEST_F(ManyRuns, AThousandCurvesAreDrawnAndAnswerToThePointer) {
  give(plot, runs(1000));
  point_at(place(5.5));
  EXPECT_TRUE(plot.current_curve());
}

TEST_F(ManyRuns, DetailIsAskedForOnceForEachViewAndNotWhenTheDataGrow) {
  QSignalSpy wanted(&plot, &MetricPlot::detail_wanted);
  link.set_range(10, 90);
  link.set_range(20, 80);
  EXPECT_EQ(wanted.count(), 0);
  QApplication::processEvents();
  ASSERT_EQ(wanted.count(), 1);
  EXPECT_EQ(wanted.last()[0].toDouble(), 20);
  EXPECT_EQ(wanted.last()[1].toDouble(), 80);
  EXPECT_GE(wanted.last()[2].toInt(), plot.useful_columns());
  link.reset_range();
  QApplication::processEvents();
  EXPECT_EQ(wanted.count(), 2);
  give(plot, runs(4, 150));
  QApplication::processEvents();
  EXPECT_EQ(wanted.count(), 2);
  plot.resize(900, 320);
  QApplication::processEvents();
  EXPECT_EQ(wanted.count(), 3);
}

TEST_F(ManyRuns, AxesOverSamplesTimeAndClockShowThoseRanges) {
  link.set_axis(XAxis::samples);
  EXPECT_EQ(plot.shown_x_range(), std::pair(0.0, 3200.0));
  link.set_axis(XAxis::time);
  EXPECT_EQ(plot.shown_x_range(), std::pair(0.0, 50.0));
  link.set_axis(XAxis::wall_time);
  EXPECT_EQ(plot.shown_x_range(), std::pair(1.7e9, 1.7e9 + 50));
  std::vector<Curve> unknown = runs(1);
  unknown[0].began = std::nan("");
  plot.set_curves(unknown);
  EXPECT_EQ(plot.shown_x_range(), std::pair(0.0, 1.0));  // nothing to show there
  EXPECT_FALSE(plot.accessibleDescription().isEmpty());
}

TEST_F(ManyRuns, ALogarithmicXBeginsAtTheFirstPositiveStepInEveryLinkedPlot) {
  QTest::keyClick(&plot, Qt::Key_L, Qt::ShiftModifier);
  EXPECT_TRUE(link.is_logarithmic_x());
  EXPECT_EQ(plot.shown_x_range(), std::pair(1.0, 100.0));
  EXPECT_EQ(other.shown_x_range(), std::pair(1.0, 100.0));
  QTest::keyClick(&plot, Qt::Key_Plus);
  ASSERT_TRUE(link.range());
  EXPECT_NEAR(std::sqrt(link.range()->first * link.range()->second), 10, 1e-6);  // about the middle as it looks
  QTest::keyClick(&plot, Qt::Key_Home);
  EXPECT_FALSE(link.range());
}

QByteArray content(const QString& name) {
  QFile file(name);
  EXPECT_TRUE(file.open(QIODevice::ReadOnly)) << name.toStdString();
  return file.readAll();
}

TEST_F(ManyRuns, FiguresAreVectorsWithNamesAndStaySmall) {
  const QTemporaryDir folder;
  const auto save = [&](const QString& name) {
    EXPECT_EQ(plot.save(folder.filePath(name)), QString());
    return content(folder.filePath(name));
  };
  const QByteArray few = save(u"few.svg"_s);
  EXPECT_TRUE(few.contains("run-2"));
  EXPECT_TRUE(few.contains("Loss"));
  EXPECT_GE(few.count("<path"), 8);  // lines and bands
  EXPECT_LE(few.count("<rect"), 2);  // the paper, and no dots
  EXPECT_FALSE(few.contains("<image"));
  EXPECT_TRUE(save(u"few.pdf"_s).startsWith("%PDF"));
  for (const int count : {64, 1000}) {
    give(plot, runs(count, 700, 0.2));
    for (const QString& name : {u"many.svg"_s, u"many.pdf"_s}) {
      const QByteArray many = save(name);
      EXPECT_LE(many.size(), 300'000) << count << " " << name.toStdString();
      EXPECT_GT(many.size(), 8'000);
      EXPECT_FALSE(many.contains("<image"));
    }
  }
  const QImage picture = QImage::fromData(save(u"many.png"_s));
  EXPECT_GT(picture.width(), 1900);
  EXPECT_FALSE(plot.save(folder.filePath(u"no/such/folder.pdf"_s)).isEmpty());
}

TEST_F(ManyRuns, AFigureHasTheNewestNumbersThoughTheirPictureIsStillDrawn) {
  const QTemporaryDir folder;
  std::vector<Curve> more = runs(300, 3000);
  plot.set_curves(more);
  ASSERT_EQ(plot.save(folder.filePath(u"now.svg"_s)), QString());
  EXPECT_TRUE(content(folder.filePath(u"now.svg"_s)).contains(si_text(2500).toUtf8()));
}

TEST_F(ManyRuns, SavingLeavesThePlotAsItWas) {
  QApplication::processEvents();
  const QImage before = plot.grab().toImage();
  const QTemporaryDir folder;
  for (const QString& name : {u"a.pdf"_s, u"a.svg"_s, u"a.png"_s})
    EXPECT_EQ(plot.save(folder.filePath(name)), QString());
  QApplication::processEvents();
  EXPECT_EQ(plot.grab().toImage(), before);
}

TEST_F(ManyRuns, CsvGivesTheSameNumbersAgain) {
  std::vector<Curve> curves = runs(2, 20);
  curves[0].label = u"a, \"b\""_s;
  curves[1] = curve_of({{0.5, 0, 1.0 / 3, 1.0 / 3, 1.0 / 3, 1.0 / 3}});
  curves[1].name = u"train/loss"_s;
  CurveTable table;
  table.set_curves(curves, XAxis::step);
  QBuffer buffer;
  buffer.open(QIODevice::WriteOnly);
  ASSERT_TRUE(table.write_csv(buffer));
  const QList<QByteArray> lines = buffer.data().split('\n');
  ASSERT_EQ(lines.size(), 23);
  EXPECT_EQ(lines[0].trimmed(), "Step,\"a, \"\"b\"\"\",\"a, \"\"b\"\", least\",\"a, \"\"b\"\", greatest\",train/loss");
  EXPECT_EQ(lines[2].split(',').last().toDouble(), 1.0 / 3);
  const QList<QByteArray> fields = lines[4].split(',');
  EXPECT_EQ(fields[1].toDouble(), curves[0].columns->last()[2]);
  EXPECT_EQ(fields[2].toDouble(), curves[0].columns->minimum()[2]);
  EXPECT_EQ(fields[3].toDouble(), curves[0].columns->maximum()[2]);
}

TEST(CurveColumns, KeepOnlyWhatDiffersAndGiveBackEveryColumn) {
  CurveColumns plain;
  for (int i = 0; i < 5; ++i) plain.append({double(i), double(i), 2, 2, 2, 2});
  EXPECT_FALSE(plain.has_band());
  EXPECT_FALSE(plain.has_own_line());
  EXPECT_TRUE(plain.non_finite().empty());
  EXPECT_EQ(plain.minimum()[3], 2);
  EXPECT_TRUE(plain.x(XAxis::samples).empty());
  plain.append({5, 5, 1, 3, 2, 2.5, 4});
  EXPECT_EQ(plain.minimum()[4], 2);
  EXPECT_EQ(plain.minimum()[5], 1);
  EXPECT_EQ(plain[5].line, 2.5);
  EXPECT_EQ(plain[4].line, 2);
  EXPECT_EQ(plain[4].non_finite, 0U);
  EXPECT_EQ(plain[5].non_finite, 4U);
  EXPECT_EQ(plain.extent().least, 1);
  EXPECT_EQ(plain.extent().greatest, 3);
}

}  // namespace
}  // namespace athanor::widgets
