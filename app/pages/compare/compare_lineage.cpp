#include "app/pages/compare/compare_lineage.h"

#include "app/controllers/compare_controller.h"
#include "app/models/lineage.h"
#include "app/models/run_words.h"
#include "app/pages/parts/page_parts.h"
#include "widgets/lineage/lineage_view.h"

#include <QVBoxLayout>

namespace athanor::app {

CompareLineage::CompareLineage(CompareController* compare, QWidget* parent) : QWidget(parent), compare_(compare) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  scroll_ = new PageScroll(this);
  auto* card = new Card({}, scroll_->widget());
  view_ = new widgets::LineageView(card);
  card->body()->addWidget(view_);
  scroll_->body()->addWidget(card);
  scroll_->body()->addStretch(1);
  column->addWidget(scroll_);
  const auto changed = [this] {
    if (watched_) show_runs();
  };
  connect(compare_->compared(), &ComparedRuns::looks_changed, this, changed);
  connect(compare_->runs(), &RunStore::applied, this, changed);
  connect(view_, &widgets::LineageView::chosen, this, &CompareLineage::run_chosen);
  connect(view_, &widgets::LineageView::opened, this, &CompareLineage::open_requested);
  connect(view_, &widgets::LineageView::current_moved, this, [this](const QRect& row) {
    const QPoint at = view_->mapTo(scroll_->widget(), row.center());
    scroll_->ensureVisible(at.x(), at.y(), 0, row.height());
  });
}

void CompareLineage::set_watched(bool on) {
  watched_ = on;
  if (on) show_runs();
}

void CompareLineage::set_current(store::RunId run) { view_->set_current(run); }

void CompareLineage::show_runs() {
  std::vector<widgets::LineageBar> bars;
  for (const store::RunId id : family_of(*compare_->runs(), compare_->compared()->ids())) {
    const store::Run& run = *compare_->runs()->find(id);
    const ComparedRun* entry = compare_->compared()->find(id);
    widgets::LineageBar bar;
    bar.id = id;
    bar.parent = run.parent.value_or(0);
    bar.name = q(run.name);
    bar.detail = look_of(run.status).word;
    bar.begin = run.parent ? static_cast<double>(run.fork_step) : 0;
    bar.end = std::max(bar.begin, static_cast<double>(run.step));
    bar.goal = static_cast<double>(run.steps);
    bar.colour = entry ? entry->colour : -1;
    bar.is_marked = entry && id == compare_->compared()->baseline();
    bars.push_back(std::move(bar));
  }
  view_->show(std::move(bars));
}

}  // namespace athanor::app
