// How busy a device was: its course over time, newest at the right, with the times it begins and ends at, beside the
// present value and a second line (memory). GUI thread only.
#pragma once

#include "widgets/parts/painted_items.h"

#include <QWidget>

#include <vector>

namespace athanor::widgets {

struct StripSample {
  double seconds = 0;
  double value = 0;  // 0…1; negative: not known
};

struct StripBar {
  double mean = 0, peak = 0;
  bool empty = true;
};

// Samples of [from, to] folded into `bars` equal stretches. A sample tells of the time since the one before it: bars
// between two samples that follow each other as samples usually do take the later one's value; a pause stays empty.
[[nodiscard]] std::vector<StripBar> fold_strip(const std::vector<StripSample>& samples, double from, double to,
                                               int bars);

class UtilisationStrip final : public QWidget, public PaintedItems {
  Q_OBJECT
 public:
  UtilisationStrip(const QString& name, int series_colour, QWidget* parent = nullptr);
  void set_samples(std::vector<StripSample> samples);
  void set_detail(const QString& detail);  // "1.2 of 7.8 GiB"
  [[nodiscard]] QAccessible::Role painted_role() const override { return QAccessible::Chart; }
  [[nodiscard]] QString painted_value() const override { return accessibleDescription(); }
  [[nodiscard]] std::vector<PaintedItem> painted_items() const override;
  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  [[nodiscard]] QString present_value() const;
  void paint_words(QPainter& painter, const QRect& box) const;
  void paint_times(QPainter& painter, const QRect& box) const;
  void paint_course(QPainter& painter, const QRect& area) const;

  QString name_;
  QString detail_;
  int colour_;
  std::vector<StripSample> samples_;
};

}  // namespace athanor::widgets
