// A button that says what curves are drawn over, with a menu of what they could be. GUI thread only.
#pragma once

#include "widgets/plot/curve_columns.h"

#include <QToolButton>

namespace athanor::app {

class AxisButton final : public QToolButton {
  Q_OBJECT
 public:
  explicit AxisButton(QWidget* parent);
  [[nodiscard]] widgets::XAxis axis() const { return axis_; }
  [[nodiscard]] QString id() const;  // "step", "samples", "time", "wall"
  void choose(const QString& id);    // steps where it is none of these
  void choose_next();

 Q_SIGNALS:
  void chosen(const QString& id);

 private:
  widgets::XAxis axis_ = widgets::XAxis::step;
};

}  // namespace athanor::app
