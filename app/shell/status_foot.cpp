#include "app/shell/status_foot.h"

#include "app/bridge/agent_link.h"
#include "app/stores/run_store.h"
#include "widgets/common/theme.h"
#include "widgets/feedback/busy_chip.h"

#include <QHBoxLayout>
#include <QLabel>

namespace athanor::app {

using widgets::Glyph;
using widgets::kGrid;

StatusFoot::StatusFoot(const AgentLink* link, const RunStore* runs, QWidget* parent)
    : QWidget(parent), link_(link), runs_(runs) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(kGrid, 0, 0, 0);
  counts_ = new QLabel(this);
  row->addWidget(counts_, 1);
  agent_ = new widgets::BusyChip(this);
  row->addWidget(agent_);
  connect(runs_, &RunStore::applied, this, [this] { show_counts(); });
  connect(link_, &AgentLink::state_changed, this, [this] { show_agent(); });
  show_agent();
  if (runs_->is_loaded()) show_counts();
}

void StatusFoot::show_agent() {
  switch (link_->state()) {
    case AgentLink::State::connected:
      agent_->set_state(tr("Agent connected"), widgets::Role::good, Glyph::check);
      break;
    case AgentLink::State::connecting:
      agent_->set_state(tr("Starting the agent"), widgets::Role::info, std::nullopt, true);
      break;
    case AgentLink::State::idle:
      agent_->set_state(tr("Agent starts when needed"), widgets::Role::muted, Glyph::clock);
      break;
  }
  agent_->setToolTip(link_->trouble());
  if (!link_->trouble().isEmpty())
    agent_->set_state(runs_->has_live_runs() ? tr("Agent not reachable") : tr("Agent starts when needed"),
                      runs_->has_live_runs() ? widgets::Role::warning : widgets::Role::muted, Glyph::clock);
}

void StatusFoot::show_counts() {
  int live = 0;
  int queued = 0;
  for (const store::Run& run : runs_->runs()) {
    queued += run.status == store::RunStatus::queued ? 1 : 0;
    live += store::is_live(run.status) && run.status != store::RunStatus::queued ? 1 : 0;
  }
  QStringList parts;
  if (live > 0) parts << tr("%n run(s) going on", nullptr, live);
  if (queued > 0) parts << tr("%n waiting", nullptr, queued);
  counts_->setText(parts.isEmpty() ? tr("Nothing is running") : parts.join(QStringLiteral(" · ")));
}

}  // namespace athanor::app
