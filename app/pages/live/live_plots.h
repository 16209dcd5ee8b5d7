// All curves of one run, linked in x, and below them the strips of its devices. Told the curves; tells when they are on
// the screen. GUI thread only; the settings are not owned.
#pragma once

#include "app/stores/curves.h"
#include "core/store/types.h"
#include "widgets/plot/curve.h"

#include <QWidget>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

class QVBoxLayout;

namespace athanor::widgets {
class FlowLayout;
class MetricPlot;
class PlotLink;
class UtilisationStrip;
}  // namespace athanor::widgets

namespace athanor::app {

struct PlotSpec;
class Settings;

class LivePlots final : public QWidget {
  Q_OBJECT
 public:
  LivePlots(Settings* settings, QWidget* parent);
  void begin_run();  // what was drawn of another is forgotten
  // `run`: whose they are; null: not known. `samples_per_step` of the data; 0: not known.
  void show_curves(const std::map<std::string, std::vector<DrawnColumn>>& curves, const store::Run* run,
                   double samples_per_step);
  void show_markers(std::vector<widgets::PlotMarker> markers);
  // While a run goes on, what is empty says what will fill it; afterwards nothing will.
  void show_prospects(bool live);
  void set_axis(widgets::XAxis axis);
  void reset_range();
  // What lies between two moments of the wall clock, in nanoseconds; both 0: everything again.
  void show_times(std::int64_t begin_ns, std::int64_t end_ns);
  [[nodiscard]] bool is_empty() const;
  [[nodiscard]] int useful_columns() const;  // of the widest plot
  [[nodiscard]] widgets::MetricPlot* plot(const std::string& id) const;

 Q_SIGNALS:
  // A sample reached the screen: how long after it was taken.
  void sample_drawn(const QString& metric, qint64 step, double milliseconds);

 private:
  widgets::MetricPlot* make_plot(const PlotSpec& spec, QWidget* parent);
  void build(QVBoxLayout* column);
  void keep_logarithmic();
  void show_extent(double last_step, double last_second, const store::Run* run);
  void show_strips(const std::map<std::string, std::vector<DrawnColumn>>& curves);
  void note_drawn(const std::string& id);

  struct Moment {
    std::int64_t time_ns = 0;
    double step = 0, seconds = 0;
  };
  Settings* settings_;
  std::vector<Moment> moments_;  // of the curve with the most columns
  widgets::PlotLink* link_ = nullptr;
  std::map<std::string, widgets::MetricPlot*> plots_;
  std::map<std::string, std::int64_t> newest_ns_;  // of what a plot was given last
  std::map<std::string, std::int64_t> drawn_ns_;   // of what it has drawn
  std::map<std::string, widgets::UtilisationStrip*> strips_;
  QWidget* strip_box_ = nullptr;
  widgets::FlowLayout* strip_flow_ = nullptr;
};

}  // namespace athanor::app
