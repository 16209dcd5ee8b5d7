// What several plots share: the x range in view, what x means and whether it is logarithmic, where the cursor stands,
// and whose curves are looked at. A plot changes the link, and every plot that listens, itself included, follows. GUI
// thread only.
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
  [[nodiscard]] bool is_logarithmic_x() const { return logarithmic_x_; }
  void set_logarithmic_x(bool on);

  // The range in view; nothing means: everything there is, growing with the data.
  [[nodiscard]] const std::optional<std::pair<double, double>>& range() const { return range_; }
  void set_range(double from, double to);
  void reset_range();

  [[nodiscard]] std::optional<double> cursor() const { return cursor_; }
  void set_cursor(std::optional<double> x);

  // The id of curves that every plot sets off from the others; kNoCurve: of none.
  [[nodiscard]] std::int64_t highlight() const { return highlight_; }
  void set_highlight(std::int64_t id);

 Q_SIGNALS:
  void axis_changed();
  void range_changed();
  void cursor_changed();
  void highlight_changed();

 private:
  XAxis axis_ = XAxis::step;
  bool logarithmic_x_ = false;
  std::optional<std::pair<double, double>> range_;
  std::optional<double> cursor_;
  std::int64_t highlight_ = kNoCurve;
};

}  // namespace athanor::widgets
