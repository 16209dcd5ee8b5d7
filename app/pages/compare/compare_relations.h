// What the results of the compared runs hang on: parallel coordinates of what differs, one quantity against the metric,
// and which matters most. GUI thread only; the controller is not owned.
#pragma once

#include "app/models/run_matrix.h"
#include "widgets/relations/quantity.h"
#include "widgets/relations/things.h"

#include <QWidget>

#include <vector>

class QComboBox;
class QLabel;

namespace athanor::widgets {
class ParallelPlot;
class RankedBars;
class ScatterPlot;
}  // namespace athanor::widgets

namespace athanor::app {

class CompareController;

class CompareRelations final : public QWidget {
  Q_OBJECT
 public:
  CompareRelations(CompareController* compare, QWidget* parent);
  void set_watched(bool on);
  void set_current(store::RunId run);  // looked at in the list
  [[nodiscard]] widgets::ParallelPlot* parallel() const { return parallel_; }
  [[nodiscard]] widgets::ScatterPlot* scatter() const { return scatter_; }
  [[nodiscard]] widgets::RankedBars* bars() const { return bars_; }

 Q_SIGNALS:
  void run_chosen(qint64 run);

 private:
  void build();
  void offer_metrics();
  void show_all();
  void show_parallel();
  void show_bars();
  void show_scatter();
  [[nodiscard]] std::size_t metric_row() const;  // the number of rows: there is none
  [[nodiscard]] std::vector<widgets::Thing> things() const;
  [[nodiscard]] widgets::Quantity quantity_of(std::size_t row) const;

  CompareController* compare_;
  RunMatrix matrix_;  // of the runs that are shown
  std::vector<Importance> found_;
  QComboBox* metric_ = nullptr;
  QLabel* words_ = nullptr;
  widgets::ParallelPlot* parallel_ = nullptr;
  widgets::ScatterPlot* scatter_ = nullptr;
  widgets::RankedBars* bars_ = nullptr;
  bool watched_ = false;
};

}  // namespace athanor::app
