#include "app/pages/compare/compare_curves.h"

#include "app/controllers/compare_controller.h"
#include "app/models/metric_words.h"
#include "app/models/run_matrix.h"
#include "app/pages/parts/page_parts.h"
#include "widgets/parts/flow_layout.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/plot/plot_link.h"

#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace athanor::app {
namespace {

using widgets::kGrid;
constexpr int kPlotWidth = 400;  // at least
constexpr int kPlotHeight = 264;
constexpr int kGap = kGrid + 4;

}  // namespace

CompareCurves::CompareCurves(CompareController* compare, CurveReaders* readers, QWidget* parent)
    : QWidget(parent), compare_(compare), readers_(readers) {
  link_ = new widgets::PlotLink(this);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  scroll_ = new PageScroll(this);
  box_ = new QWidget(scroll_->widget());
  flow_ = new widgets::FlowLayout(box_, kPlotWidth, kGap);
  scroll_->body()->addWidget(box_);
  scroll_->body()->addStretch(1);
  scroll_->body()->setSpacing(0);
  column->addWidget(scroll_);
  const auto changed = [this] {
    stale_ = true;
    if (watched_) show_runs();
  };
  connect(compare_->compared(), &ComparedRuns::looks_changed, this, changed);
  connect(compare_, &CompareController::read, this, changed);
  connect(compare_, &CompareController::metrics_changed, this, [this] {
    if (watched_) show_metrics();
  });
  connect(compare_, &CompareController::grew, this, [this](const std::vector<store::RunId>& runs) {
    if (!watched_) return;
    for (const Panel& panel : panels_) panel.feed->refresh(runs);
  });
}

void CompareCurves::set_watched(bool on) {
  watched_ = on;
  if (!on) return;
  show_metrics();
  if (stale_) show_runs();
}

CompareCurves::Panel CompareCurves::make_panel(const std::string& metric) {
  const MetricLook look = look_of_metric(metric);
  Panel panel;
  panel.plot = new widgets::MetricPlot(look.title, box_);
  panel.plot->set_unit(look.unit);
  panel.plot->set_percent(look.is_share);
  panel.plot->set_robust(look.is_robust);
  panel.plot->set_link(link_);
  panel.plot->set_empty_text(tr("None of these runs has measured this"));
  connect(panel.plot, &widgets::MetricPlot::curve_clicked, this, &CompareCurves::run_chosen);
  panel.feed = new CurveFeed(readers_, panel.plot, link_, metric);
  connect(panel.feed, &CurveFeed::completed, this, [this] {
    if (is_complete()) Q_EMIT completed();
  });
  connect(panel.feed, &CurveFeed::notice, this, &CompareCurves::notice);
  return panel;
}

// Plots that stay keep what they have read.
void CompareCurves::show_metrics() {
  std::vector<Panel> before = std::exchange(panels_, {});
  for (const std::string& metric : compare_->metrics()) {
    const auto found = std::ranges::find(before, metric, [](const Panel& panel) { return panel.feed->metric(); });
    const bool is_new = found == before.end();
    Panel panel = is_new ? make_panel(metric) : *found;
    if (!is_new) before.erase(found);
    flow_->removeWidget(panel.plot);
    flow_->addWidget(panel.plot);
    panel.plot->show();
    if (is_new) panel.feed->show(fed_runs());
    panels_.push_back(panel);
  }
  for (const Panel& panel : before) {
    flow_->removeWidget(panel.plot);
    panel.plot->deleteLater();
  }
  fit_heights();
  if (is_complete()) Q_EMIT completed();
}

FedRun CompareCurves::fed_run(store::RunId id) const {
  const ComparedRun& entry = *compare_->compared()->find(id);
  FedRun fed;
  fed.run = id;
  fed.look.id = id;
  fed.look.colour = entry.colour;
  fed.look.visible = entry.visible;
  if (id == compare_->compared()->baseline()) fed.look.emphasis = widgets::Emphasis::baseline;
  if (const store::Run* run = compare_->runs()->find(id)) {
    fed.look.name = fed.look.label = compare_->labels().of(id);
    fed.began_ns = static_cast<double>(run->started_ns > 0 ? run->started_ns : run->created_ns);
    fed.look.began = fed.began_ns * 1e-9;
  }
  if (const auto* fields = compare_->fields(id)) fed.samples_per_step = samples_per_step(*fields);
  return fed;
}

std::vector<FedRun> CompareCurves::fed_runs() const {
  std::vector<FedRun> runs;
  for (const ComparedRun& each : compare_->compared()->all()) runs.push_back(fed_run(each.run));
  return runs;
}

void CompareCurves::show_runs() {
  stale_ = false;
  const std::vector<FedRun> runs = fed_runs();
  for (const Panel& panel : panels_) panel.feed->show(runs);
  if (is_complete()) Q_EMIT completed();
}

// One plot takes all there is; two stand side by side or above each other; more scroll.
void CompareCurves::fit_heights() {
  const QMargins around = scroll_->body()->contentsMargins();
  const int room = scroll_->viewport()->height() - around.top() - around.bottom();
  const int count = static_cast<int>(panels_.size());
  const int columns = std::max(1, widgets::flow_columns(box_->width(), kPlotWidth, kGap, count));
  const int rows = std::max(1, (count + columns - 1) / columns);
  const int height = std::max(kPlotHeight, (room - (rows - 1) * kGap) / rows);
  for (const Panel& panel : panels_) panel.plot->setFixedHeight(height);
}

void CompareCurves::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fit_heights();
}

bool CompareCurves::is_complete() const {
  return compare_->is_read() && !stale_ &&
         std::ranges::all_of(panels_, [](const Panel& panel) { return panel.feed->is_complete(); });
}

widgets::MetricPlot* CompareCurves::plot(const std::string& metric) const {
  for (const Panel& panel : panels_)
    if (panel.feed->metric() == metric) return panel.plot;
  return nullptr;
}

}  // namespace athanor::app
