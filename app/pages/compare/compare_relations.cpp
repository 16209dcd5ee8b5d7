#include "app/pages/compare/compare_relations.h"

#include "app/controllers/compare_controller.h"
#include "app/pages/parts/page_parts.h"
#include "widgets/relations/parallel_plot.h"
#include "widgets/relations/ranked_bars.h"
#include "widgets/relations/scatter_plot.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::kGrid;
constexpr std::size_t kMostAxes = 8;  // beside the metric's
constexpr std::size_t kMostBars = 10;
constexpr int kBarsWidth = 320;

}  // namespace

CompareRelations::CompareRelations(CompareController* compare, QWidget* parent) : QWidget(parent), compare_(compare) {
  build();
  const auto changed = [this] {
    if (watched_) show_all();
  };
  connect(compare_->compared(), &ComparedRuns::looks_changed, this, changed);
  connect(compare_, &CompareController::read, this, changed);
  connect(compare_->figures(), &FigureStore::arrived, this, changed);
  connect(compare_, &CompareController::metrics_changed, this, changed);
  connect(metric_, &QComboBox::activated, this, [this] { show_all(); });
  connect(bars_, &widgets::RankedBars::chosen, this, [this] { show_scatter(); });
  connect(parallel_, &widgets::ParallelPlot::kept_changed, this, [this] { show_scatter(); });
  connect(parallel_, &widgets::ParallelPlot::chosen, this, &CompareRelations::run_chosen);
  connect(scatter_, &widgets::ScatterPlot::chosen, this, &CompareRelations::run_chosen);
  connect(parallel_, &widgets::ParallelPlot::hovered, this, [this](qint64 run) { scatter_->set_current(run); });
  connect(scatter_, &widgets::ScatterPlot::hovered, this, [this](qint64 run) { parallel_->set_current(run); });
}

void CompareRelations::build() {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, kPageMargin, 0);
  column->setSpacing(kGrid + 4);
  auto* tools = new QHBoxLayout;
  tools->setSpacing(kGrid);
  QLabel* label = make_muted(tr("What explains"), this);
  metric_ = new QComboBox(this);
  metric_->setMinimumWidth(200);
  metric_->setAccessibleName(tr("Metric to be explained"));
  label->setBuddy(metric_);
  tools->addWidget(label);
  tools->addWidget(metric_);
  words_ = make_muted({}, this);
  tools->addWidget(words_, 1);
  column->addLayout(tools);
  auto* upper = new Card({}, this);
  parallel_ = new widgets::ParallelPlot(upper);
  upper->body()->addWidget(parallel_, 1);
  column->addWidget(upper, 1);
  auto* lower = new QHBoxLayout;
  lower->setSpacing(kGrid + 4);
  auto* left = new Card({}, this);
  scatter_ = new widgets::ScatterPlot(left);
  left->body()->addWidget(scatter_, 1);
  lower->addWidget(left, 1);
  auto* right = new Card(tr("What matters most"), this);
  right->setFixedWidth(kBarsWidth);
  bars_ = new widgets::RankedBars(right);
  bars_->setAccessibleName(tr("What matters most"));
  bars_->set_empty_text(tr("At least three runs that differ in a field and have the metric are needed."));
  right->body()->addWidget(bars_);
  right->body()->addStretch(1);
  lower->addWidget(right);
  column->addLayout(lower, 1);
}

void CompareRelations::set_watched(bool on) {
  watched_ = on;
  if (on) show_all();
}

void CompareRelations::set_current(store::RunId run) {
  parallel_->set_current(run);
  scatter_->set_current(run);
}

// The one chosen before, as long as it is among those compared.
void CompareRelations::offer_metrics() {
  const QVariant before = metric_->currentData();
  metric_->clear();
  for (const std::string& name : compare_->metrics()) metric_->addItem(look_of_metric(name).title, q(name));
  metric_->setCurrentIndex(std::max(0, metric_->findData(before)));
}

std::size_t CompareRelations::metric_row() const {
  const std::string name = s(metric_->currentData().toString());
  const auto found =
      std::ranges::find_if(matrix_.rows, [&](const MatrixRow& row) { return row.is_metric && row.name == name; });
  return static_cast<std::size_t>(found - matrix_.rows.begin());
}

void CompareRelations::show_all() {
  offer_metrics();
  matrix_ = compare_->matrix(true);
  found_.clear();
  if (metric_row() < matrix_.rows.size()) found_ = importances(matrix_, metric_row());
  words_->setText(tr("By rank, over %n shown run(s)", nullptr, static_cast<int>(matrix_.runs.size())));
  show_bars();
  show_parallel();
  show_scatter();
}

widgets::Quantity CompareRelations::quantity_of(std::size_t row) const {
  const MatrixRow& values = matrix_.rows[row];
  RowScale scale = scale_of(values);
  widgets::Quantity quantity;
  quantity.title = row_title(values);
  quantity.values = std::move(scale.places);
  quantity.choices = std::move(scale.choices);
  quantity.is_logarithmic = scale.is_logarithmic;
  for (std::size_t i = 0; i < matrix_.runs.size(); ++i) quantity.texts.push_back(value_text(values, i));
  return quantity;
}

// The tone says how a run came out.
std::vector<widgets::Thing> CompareRelations::things() const {
  std::vector<widgets::Thing> things;
  widgets::Quantity result;
  if (metric_row() < matrix_.rows.size()) result = quantity_of(metric_row());
  const auto extent = extent_of(result);
  for (std::size_t i = 0; i < matrix_.runs.size(); ++i) {
    const store::RunId id = matrix_.runs[i];
    const double value = result.is_known(i) ? result.values[i] : std::numeric_limits<double>::quiet_NaN();
    things.push_back(
        {id, compare_->labels().of(id), place_of(result, extent, value), id == compare_->compared()->baseline()});
  }
  return things;
}

// The strongest at the right, next to the metric.
void CompareRelations::show_parallel() {
  std::vector<widgets::Quantity> axes;
  const std::size_t count = std::min(found_.size(), kMostAxes);
  for (std::size_t i = count; i-- > 0;) axes.push_back(quantity_of(found_[i].row));
  if (metric_row() < matrix_.rows.size()) axes.push_back(quantity_of(metric_row()));
  parallel_->show(things(), std::move(axes));
}

void CompareRelations::show_bars() {
  std::vector<widgets::RankedBar> bars;
  for (const Importance& each : found_) {
    if (bars.size() == kMostBars) break;
    const QString sign = each.direction > 0 ? u"+"_s : each.direction < 0 ? u"−"_s : QString();
    bars.push_back({row_title(matrix_.rows[each.row]), sign + QString::number(each.strength, 'f', 2), each.strength,
                    each.direction < 0 ? 1 : 0});
  }
  bars_->show(std::move(bars));
  if (bars_->current() < 0 && !found_.empty()) bars_->set_current(0);
}

void CompareRelations::show_scatter() {
  const auto at = static_cast<std::size_t>(std::max(0, bars_->current()));
  const bool has_both = at < found_.size() && metric_row() < matrix_.rows.size();
  scatter_->setVisible(has_both);
  if (has_both) scatter_->show(things(), quantity_of(found_[at].row), quantity_of(metric_row()), parallel_->kept());
}

}  // namespace athanor::app
