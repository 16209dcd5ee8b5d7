// The peer: every curve as four graphs of QCustomPlot, which thins and draws them itself.
#pragma once

#include "widgets/plot/curve.h"

#include <qcustomplot.h>

namespace athanor::widgets {

class GraphCanvas final : public QCustomPlot {
  Q_OBJECT
 public:
  explicit GraphCanvas(QWidget* parent = nullptr);
  void set_curves(const std::vector<Curve>& curves);

 private:
  struct Layers {
    QCPGraph* low = nullptr;
    QCPGraph* high = nullptr;
    QCPGraph* line = nullptr;
    QCPGraph* odd = nullptr;
  };
  void add_layers(int colour);

  std::vector<Layers> layers_;
};

}  // namespace athanor::widgets
