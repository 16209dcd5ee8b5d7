#include "app/pages/live/live_plots.h"

#include "app/feedback/notice.h"
#include "app/models/run_words.h"
#include "app/pages/live/live_words.h"
#include "app/settings/settings.h"
#include "widgets/common/theme.h"
#include "widgets/parts/flow_layout.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/plot/plot_link.h"
#include "widgets/plot/strip.h"

#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace athanor::app {
namespace {

using widgets::kGrid;
constexpr int kSpacing = kGrid + 4;
constexpr int kLargeHeight = 256;
constexpr int kSmallHeight = 176;

}  // namespace

LivePlots::LivePlots(Settings* settings, QWidget* parent) : QWidget(parent), settings_(settings) {
  link_ = new widgets::PlotLink(this);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(kSpacing);
  build(column);
}

void LivePlots::build(QVBoxLayout* column) {
  auto* large = new QHBoxLayout;
  large->setSpacing(kSpacing);
  auto* small_box = new QWidget(this);
  auto* small = new widgets::FlowLayout(small_box, 248, kSpacing);
  for (const PlotSpec& spec : live_plots()) {
    widgets::MetricPlot* plot = make_plot(spec, spec.large ? this : small_box);
    if (spec.large) {
      plot->setMinimumHeight(kLargeHeight);
      large->addWidget(plot, spec.id == "loss" ? 3 : 2);
    } else {
      plot->setFixedHeight(kSmallHeight);
      small->addWidget(plot);
    }
    plot->setVisible(!spec.optional);
  }
  column->addLayout(large);
  column->addWidget(small_box);
  strip_box_ = new QWidget(this);
  strip_flow_ = new widgets::FlowLayout(strip_box_, 400, kSpacing);
  column->addWidget(strip_box_);
}

widgets::MetricPlot* LivePlots::make_plot(const PlotSpec& spec, QWidget* parent) {
  auto* plot = new widgets::MetricPlot(spec.title, parent);
  plot->set_unit(spec.unit);
  plot->set_percent(spec.percent);
  plot->set_robust(spec.robust);
  plot->set_empty_text(spec.empty);
  plot->set_link(link_);
  plot->set_logarithmic(settings_->value(Setting::log_y_metrics).toStringList().contains(q(spec.id)));
  plots_[spec.id] = plot;
  connect(plot, &widgets::MetricPlot::drawn, this, [this, id = spec.id] { note_drawn(id); });
  connect(plot, &widgets::MetricPlot::logarithmic_changed, this, [this] { keep_logarithmic(); });
  return plot;
}

void LivePlots::keep_logarithmic() {
  QStringList on;
  for (const auto& [id, plot] : plots_)
    if (plot->is_logarithmic()) on << q(id);
  settings_->set(Setting::log_y_metrics, on);
}

void LivePlots::begin_run() {
  newest_ns_.clear();
  drawn_ns_.clear();
  for (auto& [name, strip] : strips_) strip->deleteLater();
  strips_.clear();
  moments_.clear();
  link_->reset_range();
}

void LivePlots::show_curves(const std::map<std::string, std::vector<DrawnColumn>>& curves, const store::Run* run,
                            double samples_per_step) {
  const double began_s = run && run->started_ns > 0 ? static_cast<double>(run->started_ns) * 1e-9 : std::nan("");
  double last_step = 0;
  double last_second = 0;
  for (const PlotSpec& spec : live_plots()) {
    std::vector<widgets::Curve> shown;
    std::int64_t newest = 0;
    for (std::size_t i = 0; i < spec.metrics.size(); ++i) {
      const auto found = curves.find(spec.metrics[i].name);
      if (found == curves.end()) continue;
      shown.push_back(curve_of(spec.metrics[i], static_cast<int>(i), found->second, samples_per_step));
      shown.back().began = began_s;
      if (found->second.empty()) continue;
      newest = std::max(newest, found->second.back().time_ns);
      last_step = std::max(last_step, found->second.back().step);
      last_second = std::max(last_second, found->second.back().seconds);
    }
    newest_ns_[spec.id] = newest;
    if (spec.optional) plots_.at(spec.id)->setVisible(!shown.empty());
    plots_.at(spec.id)->set_curves(std::move(shown));
  }
  moments_.clear();
  for (const auto& [name, columns] : curves) {
    if (columns.size() <= moments_.size()) continue;
    moments_.clear();
    for (const DrawnColumn& column : columns) moments_.push_back({column.time_ns, column.step, column.seconds});
  }
  show_extent(last_step, last_second, run);
  show_strips(curves);
}

// From the start, or the step forked from, to the newest sample of any plot, or to the planned end while there is none:
// evaluations, which come rarely, stand under the steps they belong to.
void LivePlots::show_extent(double last_step, double last_second, const store::Run* run) {
  if (last_step <= 0 && run) last_step = static_cast<double>(run->steps);
  const double first_step = run && run->parent ? static_cast<double>(run->fork_step) : 0;
  for (const auto& [id, plot] : plots_) plot->set_whole_x(last_step, last_second, first_step);
}

void LivePlots::show_strips(const std::map<std::string, std::vector<DrawnColumn>>& curves) {
  for (const DeviceCurves& device : device_curves(curves)) {
    auto& strip = strips_[device.name];
    if (!strip) {
      strip = new widgets::UtilisationStrip(device.label, static_cast<int>(strips_.size()) - 1, strip_box_);
      strip_flow_->addWidget(strip);
      strip->show();
    }
    strip->set_samples(device.samples);
    strip->set_detail(device.detail);
  }
  strip_box_->setVisible(!strips_.empty());
}

void LivePlots::show_markers(std::vector<widgets::PlotMarker> markers) {
  plots_.at("loss")->set_markers(std::move(markers));
}

void LivePlots::show_prospects(bool live) {
  for (const PlotSpec& spec : live_plots())
    plots_.at(spec.id)->set_empty_text(live ? spec.empty : tr("Nothing was measured"));
}

void LivePlots::set_axis(widgets::XAxis axis) { link_->set_axis(axis); }
void LivePlots::reset_range() { link_->reset_range(); }

void LivePlots::show_times(std::int64_t begin_ns, std::int64_t end_ns) {
  if (end_ns <= begin_ns) return link_->reset_range();
  const bool over_time = link_->axis() == widgets::XAxis::time;
  const auto place = [&](std::ptrdiff_t at) {
    const Moment& moment =
        moments_[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(at, 0, std::ssize(moments_) - 1))];
    return over_time ? moment.seconds : moment.step;
  };
  if (moments_.empty()) return;
  // With the sample before and the one behind: the range may lie between two.
  const auto first = std::ranges::lower_bound(moments_, begin_ns, {}, &Moment::time_ns) - moments_.begin();
  const auto last = std::ranges::upper_bound(moments_, end_ns, {}, &Moment::time_ns) - moments_.begin();
  if (place(last) > place(first - 1)) link_->set_range(place(first - 1), place(last));
}

bool LivePlots::is_empty() const {
  return std::ranges::all_of(plots_, [](const auto& entry) { return entry.second->curves().empty(); });
}

int LivePlots::useful_columns() const {
  int widest = 0;
  for (const auto& [id, plot] : plots_) widest = std::max(widest, plot->useful_columns());
  return widest;
}

widgets::MetricPlot* LivePlots::plot(const std::string& id) const {
  const auto found = plots_.find(id);
  return found == plots_.end() ? nullptr : found->second;
}

void LivePlots::note_drawn(const std::string& id) {
  const std::int64_t newest = newest_ns_[id];
  if (newest <= drawn_ns_[id] || !isVisible()) return;
  const bool first = drawn_ns_[id] == 0;
  drawn_ns_[id] = newest;
  const auto& curves = plots_.at(id)->curves();
  if (first || curves.empty() || curves.front().empty()) return;
  Q_EMIT sample_drawn(curves.front().name, static_cast<qint64>(curves.front().columns->back().step),
                      static_cast<double>(wall_now_ns() - newest) * 1e-6);
}

}  // namespace athanor::app
