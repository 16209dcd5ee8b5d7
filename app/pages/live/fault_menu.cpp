#include "app/pages/live/fault_menu.h"

#include "app/actions/action_registry.h"
#include "app/controllers/history_controller.h"
#include "app/controllers/live_controller.h"
#include "app/models/run_wishes.h"
#include "app/pages/live/recovery_words.h"
#include "app/pages/parts/page_parts.h"

#include <QMenu>
#include <QPushButton>

#include <algorithm>
#include <utility>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

constexpr int kDraggedSteps = 500;

bool is_recovery(const store::Occurrence& occurrence) {
  return std::holds_alternative<journal::Recovery>(occurrence.payload);
}

}  // namespace

FaultMenu::FaultMenu(LiveController* live, HistoryController* history, ActionRegistry* actions, QWidget* page)
    : QObject(page), live_(live), history_(history), actions_(actions), page_(page) {
  actions_->add(page,
                {u"live.inject"_s,
                 tr("Live"),
                 tr("Let a rank of this run suffer a fault"),
                 widgets::Glyph::warning,
                 {},
                 tr("Fault…")},
                [this] { choose(); });
}

QPushButton* FaultMenu::make_button(QWidget* parent) {
  button_ = app::make_button(actions_->action(u"live.inject"_s), parent);
  return button_;
}

QString FaultMenu::why_not() const {
  const store::Run* run = live_->run();
  if (!run) return tr("No run is open.");
  if (const QString why = why_not_stop(*run); !why.isEmpty()) return why;
  return ranks_.size() < 2 ? tr("It has not told of a step on several ranks.") : QString();
}

void FaultMenu::show_state() {
  see_ranks();
  actions_->set_reason(u"live.inject"_s, why_not());
  const store::Run* run = live_->run();
  if (button_) button_->setVisible(run && store::is_live(run->status));
  tell_result();
}

// While journals are taken in one after the other a picture may lack some of them.
void FaultMenu::see_ranks() {
  if (std::exchange(seen_, live_->run_id()) != live_->run_id()) ranks_.clear();
  if (const auto& picture = live_->step_picture())
    for (const timeline::Row& row : picture->measured) ranks_.insert(row.rank);
}

// The kinds of core/ranks/fault_plan.h, by what comes of them.
void FaultMenu::choose() {
  auto* list = new QMenu(page_);
  list->setAttribute(Qt::WA_DeleteOnClose);
  enum class Ends { in_recovery, otherwise };
  const auto offer = [&](const QString& text, const char* kind, Ends ends, const QString& settings = {}) {
    QMenu* ranks = list->addMenu(text);
    for (const int rank : ranks_)
      connect(ranks->addAction(tr("Rank %1").arg(rank)), &QAction::triggered, this, [this, kind, rank, ends, settings] {
        ask(kind, rank, settings);
        if (ends == Ends::otherwise) asked_ = 0;
      });
  };
  add_menu_heading(list, tr("The rank is replaced"));
  offer(tr("Kill"), "kill", Ends::in_recovery);
  offer(tr("Stop"), "stop", Ends::in_recovery);
  offer(tr("Hang in the forward pass"), "hang", Ends::in_recovery);
  offer(tr("Hang while waiting for data"), "loader", Ends::in_recovery);
  add_menu_heading(list, tr("All meet again"));
  offer(tr("Damage a message"), "message", Ends::in_recovery);
  offer(tr("Send a wrong size"), "size", Ends::in_recovery);
  offer(tr("Call something else than the others"), "order", Ends::in_recovery);
  add_menu_heading(list, tr("The run goes on, more slowly"));
  offer(tr("Pause for half a second"), "slow", Ends::otherwise);
  const store::Run* run = live_->run();
  const std::int64_t until = (run ? run->step : 0) + kDraggedSteps;
  offer(tr("Take three times as long for %1 steps").arg(kDraggedSteps), "drag", Ends::otherwise,
        u" factor=3 until=%1"_s.arg(until));
  add_menu_heading(list, tr("The run ends and can be resumed"));
  offer(tr("Run out of memory"), "memory", Ends::otherwise);
  offer(tr("Find the disk full"), "disk", Ends::otherwise);
  list->popup(button_->mapToGlobal(QPoint(0, button_->height())));
}

void FaultMenu::ask(const char* kind, int rank, const QString& settings) {
  asked_ = live_->run_id();
  recoveries_ = std::ranges::count_if(live_->occurrences(), is_recovery);
  history_->inject(asked_, u"%1: rank=%2%3"_s.arg(QLatin1String(kind)).arg(rank).arg(settings));
}

void FaultMenu::tell_result() {
  if (asked_ == 0) return;
  const auto& all = live_->occurrences();
  const bool has_recovered = std::ranges::count_if(all, is_recovery) > recoveries_;
  const store::Run* run = live_->run();
  if (asked_ != live_->run_id() || has_recovered || !run || !store::is_live(run->status)) asked_ = 0;
  if (asked_ != 0 || !has_recovered) return;  // a run that has ended says why itself
  const auto newest = std::ranges::find_if(all.rbegin(), all.rend(), is_recovery);
  const auto& recovery = std::get<journal::Recovery>(newest->payload);
  const QString went_on = went_on_text(recovery);
  Q_EMIT notice({NoticeKind::good,
                 recovery.rank < 0 ? tr("All ranks met again, and the run %1").arg(went_on)
                                   : tr("Rank %1 was lost, and the run %2").arg(recovery.rank).arg(went_on),
                 {},
                 {},
                 {}});
}

}  // namespace athanor::app
