#include "app/pages/compare/curve_feed.h"

#include "app/pages/compare/curve_columns_of.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/plot/plot_link.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::SharedColumns;
using widgets::XAxis;

constexpr int kLeastColumns = 640;  // asked for before a plot knows how wide it is
constexpr double kMargin = 0.125;   // of a view, read at each side of it
constexpr double kWiderBy = 1.25;   // before the whole is read anew for a wider plot
constexpr int kCoarser = 8;         // than what can be seen
constexpr int kRefreshPauseMs = 250;

bool is_of_time(XAxis axis) { return axis == XAxis::time || axis == XAxis::wall_time; }

// In seconds of wall time an axis begins where the run did.
double on_axis(const FedRun& run, XAxis axis, double x) {
  return axis == XAxis::wall_time && std::isfinite(run.look.began) ? x - run.look.began : x;
}

std::int64_t whole_step(double step) { return static_cast<std::int64_t>(std::clamp(std::floor(step), -9e15, 9e15)); }

store::CurveRange range_of(const FedRun& run, const SharedColumns& whole, XAxis axis, double from, double to) {
  if (axis != XAxis::step)
    return whole ? steps_between(*whole, axis, on_axis(run, axis, from), on_axis(run, axis, to)) : store::CurveRange();
  store::CurveRange range;
  range.first_step = whole_step(from);
  range.last_step = whole_step(to) + 1;
  return range;
}

}  // namespace

CurveFeed::CurveFeed(CurveReaders* readers, widgets::MetricPlot* plot, widgets::PlotLink* link, std::string metric)
    : QObject(plot), readers_(readers), plot_(plot), link_(link), metric_(std::move(metric)) {
  connect(plot_, &widgets::MetricPlot::detail_wanted, this, &CurveFeed::want_view);
  connect(link_, &widgets::PlotLink::axis_changed, this, [this] {
    if (is_of_time(link_->axis()) && !with_times_) want_all();
  });
  connect(plot_, &widgets::MetricPlot::settled, this, [this] {
    if (detail_due_) read_detail();
  });
  pause_.setSingleShot(true);
  pause_.setInterval(kRefreshPauseMs);
  connect(&pause_, &QTimer::timeout, this, [this] { read_wanted(); });
}

store::Times CurveFeed::times() const { return with_times_ ? store::Times::read : store::Times::leave_out; }

void CurveFeed::show(std::vector<FedRun> runs) {
  runs_ = std::move(runs);
  std::set<store::RunId> shown;
  for (const FedRun& each : runs_) {
    shown.insert(each.run);
    if (!held_.contains(each.run)) wanted_.insert(each.run);
  }
  std::erase_if(held_, [&](const auto& entry) { return !shown.contains(entry.first); });
  std::erase_if(wanted_, [&](store::RunId run) { return !shown.contains(run); });
  draw();
  read_wanted();
}

void CurveFeed::refresh(const std::vector<store::RunId>& runs) {
  for (const store::RunId run : runs)
    if (held_.contains(run)) wanted_.insert(run);
  if (!pause_.isActive()) pause_.start();
}

void CurveFeed::want_all() {
  for (const FedRun& each : runs_) wanted_.insert(each.run);
  read_wanted();
}

void CurveFeed::want_view(double from, double to, int columns) {
  if (link_->range()) {
    view_ = View{from, to, columns};
    read_detail_once_drawn();
    return;
  }
  if (std::exchange(view_, std::nullopt)) {
    for (auto& [run, held] : held_) held.shown = held.whole;
    draw();
  }
  if (columns > columns_ * kWiderBy) want_all();
}

// Some at a time: what is wanted meanwhile is read afterwards.
void CurveFeed::read_wanted() {
  if (reading_ || wanted_.empty()) {
    if (is_complete()) Q_EMIT completed();
    return;
  }
  with_times_ = with_times_ || is_of_time(link_->axis());
  columns_ = std::max({columns_, plot_->useful_columns(), kLeastColumns});
  CurveReaders::Question question;
  std::vector<FedRun> runs;
  std::vector<CurveOrigin> origins;
  for (const FedRun& each : runs_) {
    if (!wanted_.contains(each.run)) continue;
    runs.push_back(each);
    origins.push_back({each.began_ns, each.samples_per_step});
    question.keys.push_back({each.run, metric_});
    store::CurveRange range;
    range.columns = columns_;
    range.times = times();
    question.ranges.push_back(range);
  }
  wanted_.clear();
  reading_ = true;
  readers_->ask<SharedColumns>(
      this, u"whole/"_s + q(metric_), std::move(question),
      [origins](std::size_t i, std::vector<store::Bucket> buckets) { return curve_columns_of(buckets, origins[i]); },
      [this, runs](Result<std::vector<SharedColumns>> columns) {
        reading_ = false;
        if (columns)
          take_whole(runs, std::move(*columns));
        else
          Q_EMIT notice(notice_of(columns.error()));
        read_wanted();
      });
}

void CurveFeed::take_whole(const std::vector<FedRun>& runs, std::vector<SharedColumns> columns) {
  for (std::size_t i = 0; i < runs.size(); ++i) {
    Held& held = held_[runs[i].run];
    held.whole = columns[i];
    if (!view_ || !held.shown) held.shown = held.whole;
  }
  draw();
  if (view_) read_detail();
}

// The picture of what is known comes first: drawing and reading at once would only delay both.
void CurveFeed::read_detail_once_drawn() {
  detail_due_ = true;
  QTimer::singleShot(0, this, [this] {
    if (detail_due_ && plot_->is_current()) read_detail();
  });
}

// Whether so few columns are known of what is in view that it is hardly a curve: then a coarse one comes first, which
// takes a page or two of the history for each curve.
bool CurveFeed::is_hardly_known() const {
  const XAxis axis = link_->axis();
  for (const FedRun& each : runs_) {
    const auto held = held_.find(each.run);
    if (held == held_.end() || !held->second.shown || held->second.shown->empty()) continue;
    const std::span<const double> x = held->second.shown->x(axis);
    const auto known = std::ranges::upper_bound(x, on_axis(each, axis, view_->to)) -
                       std::ranges::lower_bound(x, on_axis(each, axis, view_->from));
    return known < view_->columns / kCoarser;
  }
  return false;
}

void CurveFeed::read_detail() {
  detail_due_ = false;
  if (!view_) return;
  const bool coarse = is_hardly_known() && !std::exchange(coarse_, true);
  if (!coarse) coarse_ = false;
  const XAxis axis = link_->axis();
  const double margin = kMargin * (view_->to - view_->from);
  struct Piece {
    store::RunId run;
    SharedColumns whole;
    store::CurveRange range;
    CurveOrigin origin;
  };
  auto pieces = std::make_shared<std::vector<Piece>>();
  CurveReaders::Question question;
  for (const FedRun& each : runs_) {
    const auto held = held_.find(each.run);
    if (held == held_.end() || !each.look.visible || !held->second.whole || held->second.whole->empty()) continue;
    store::CurveRange range = range_of(each, held->second.whole, axis, view_->from - margin, view_->to + margin);
    range.columns = static_cast<int>(view_->columns * (1 + 2 * kMargin)) / (coarse ? kCoarser : 1);
    if (coarse) range.edges = store::Edges::whole;
    range.times = times();
    question.keys.push_back({each.run, metric_});
    question.ranges.push_back(range);
    pieces->push_back({each.run, held->second.whole, range, {each.began_ns, each.samples_per_step}});
  }
  readers_->ask<SharedColumns>(
      this, u"detail/"_s + q(metric_), std::move(question),
      [pieces](std::size_t i, std::vector<store::Bucket> buckets) {
        const Piece& piece = (*pieces)[i];
        return with_detail(*piece.whole, piece.range.first_step, piece.range.last_step, buckets, piece.origin);
      },
      [this, pieces, coarse](Result<std::vector<SharedColumns>> columns) {
        if (!columns) {
          Q_EMIT notice(notice_of(columns.error()));
          return;
        }
        for (std::size_t i = 0; i < pieces->size(); ++i)
          if (const auto held = held_.find((*pieces)[i].run); held != held_.end() && view_)
            held->second.shown = (*columns)[i];
        draw();
        if (coarse)
          read_detail_once_drawn();
        else
          Q_EMIT detailed();
      });
}

void CurveFeed::draw() {
  std::vector<widgets::Curve> curves;
  curves.reserve(runs_.size());
  for (const FedRun& each : runs_) {
    curves.push_back(each.look);
    if (const auto held = held_.find(each.run); held != held_.end()) curves.back().columns = held->second.shown;
  }
  plot_->set_curves(std::move(curves));
}

}  // namespace athanor::app
