// The chosen metrics of all compared runs, a plot each, linked in x. GUI thread only; what it is given is not owned.
#pragma once

#include "app/pages/compare/curve_feed.h"

#include <QWidget>

#include <string>
#include <vector>

namespace athanor::widgets {
class FlowLayout;
}

namespace athanor::app {

class CompareController;
class PageScroll;

class CompareCurves final : public QWidget {
  Q_OBJECT
 public:
  CompareCurves(CompareController* compare, CurveReaders* readers, QWidget* parent);

  [[nodiscard]] bool is_complete() const;  // every plot has read all its curves once
  [[nodiscard]] widgets::PlotLink* link() const { return link_; }
  [[nodiscard]] widgets::MetricPlot* plot(const std::string& metric) const;  // null: not shown
  // Nothing is read while nobody looks.
  void set_watched(bool on);

 Q_SIGNALS:
  void completed();
  void run_chosen(qint64 run);
  void notice(const athanor::app::Notice& notice);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  struct Panel {
    widgets::MetricPlot* plot = nullptr;
    CurveFeed* feed = nullptr;
  };
  Panel make_panel(const std::string& metric);
  void show_metrics();
  void show_runs();
  void fit_heights();
  [[nodiscard]] std::vector<FedRun> fed_runs() const;
  [[nodiscard]] FedRun fed_run(store::RunId run) const;

  CompareController* compare_;
  CurveReaders* readers_;
  widgets::PlotLink* link_ = nullptr;
  PageScroll* scroll_ = nullptr;
  QWidget* box_ = nullptr;
  widgets::FlowLayout* flow_ = nullptr;
  std::vector<Panel> panels_;
  bool watched_ = false;
  bool stale_ = true;  // the runs have changed while nobody looked
};

}  // namespace athanor::app
