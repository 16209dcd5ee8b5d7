// What several plots share: the x range in view, what x means, and where the cursor stands. A plot changes the link,
// and every plot that listens, itself included, follows. GUI thread only.
#pragma once

#include "widgets/plot/curve.h"

#include <QObject>

#include <optional>
#include <utility>

namespace athanor::widgets {

class PlotLink final : public QObject {
  Q_OBJECT
 public:
  explicit PlotLink(QObject* parent = nullptr);

  [[nodiscard]] XAxis axis() const { return axis_; }
  void set_axis(XAxis axis);  // also returns to the whole range

  // The range in view; nothing means: everything there is, growing with the data.
  [[nodiscard]] const std::optional<std::pair<double, double>>& range() const { return range_; }
  void set_range(double from, double to);
  void reset_range();

  [[nodiscard]] std::optional<double> cursor() const { return cursor_; }
  void set_cursor(std::optional<double> x);

 Q_SIGNALS:
  void axis_changed();
  void range_changed();
  void cursor_changed();

 private:
  XAxis axis_ = XAxis::step;
  std::optional<std::pair<double, double>> range_;
  std::optional<double> cursor_;
};

}  // namespace athanor::widgets
