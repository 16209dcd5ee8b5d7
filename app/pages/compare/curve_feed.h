// Keeps a plot supplied with one metric of many runs, as finely as its view needs: first the whole of every curve, then
// what is zoomed into, exact to the pixel, within the coarser rest, so that moving about never shows nothing. GUI
// thread only; what it is given is not owned.
#pragma once

#include "app/bridge/curve_readers.h"
#include "app/feedback/notice.h"
#include "widgets/plot/curve.h"

#include <QTimer>

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace athanor::widgets {
class MetricPlot;
class PlotLink;
}  // namespace athanor::widgets

namespace athanor::app {

// Whose curve is drawn, and how.
struct FedRun {
  store::RunId run = 0;
  widgets::Curve look;          // without its columns
  double began_ns = 0;          // what times are counted from
  double samples_per_step = 0;  // 0: not known
};

class CurveFeed final : public QObject {
  Q_OBJECT
 public:
  CurveFeed(CurveReaders* readers, widgets::MetricPlot* plot, widgets::PlotLink* link, std::string metric);

  // Curves known before are kept.
  void show(std::vector<FedRun> runs);
  // These have new samples.
  void refresh(const std::vector<store::RunId>& runs);
  [[nodiscard]] bool is_complete() const { return wanted_.empty() && !reading_; }
  [[nodiscard]] const std::string& metric() const { return metric_; }

 Q_SIGNALS:
  void completed();  // every curve was read once as a whole
  void detailed();   // what is in view is as fine as can be seen
  void notice(const athanor::app::Notice& notice);

 private:
  struct Held {
    widgets::SharedColumns whole, shown;  // `shown` has the detail in it
  };
  struct View {
    double from = 0, to = 0;
    int columns = 0;
  };
  void want_view(double from, double to, int columns);
  void want_all();
  void read_wanted();
  void take_whole(const std::vector<FedRun>& runs, std::vector<widgets::SharedColumns> columns);
  void read_detail();
  void read_detail_once_drawn();
  [[nodiscard]] bool is_hardly_known() const;
  [[nodiscard]] store::Times times() const;
  void draw();

  CurveReaders* readers_;
  widgets::MetricPlot* plot_;
  widgets::PlotLink* link_;
  std::string metric_;
  std::vector<FedRun> runs_;
  std::unordered_map<store::RunId, Held> held_;
  std::set<store::RunId> wanted_;  // to be read as a whole
  QTimer pause_;                   // before what grew is read again
  std::optional<View> view_;       // zoomed into
  int columns_ = 0;                // the whole is read at
  bool detail_due_ = false;        // once the picture of what is known is there
  bool coarse_ = false;            // a coarse detail was asked for, the fine one comes next
  bool reading_ = false;
  bool with_times_ = false;
};

}  // namespace athanor::app
