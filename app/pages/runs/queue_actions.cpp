#include "app/pages/runs/queue_actions.h"

#include "app/actions/action_registry.h"
#include "app/controllers/history_controller.h"

#include <QInputDialog>
#include <QPointer>

#include <algorithm>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::Glyph;
constexpr int kMostPriority = 1'000'000;

}  // namespace

QueueActions::QueueActions(HistoryController* history, ActionRegistry* actions, Selected selected, QWidget* page)
    : QObject(page), history_(history), actions_(actions), selected_(std::move(selected)), page_(page) {
  const QString where = tr("Queue");
  const auto add = [&](const char* id, const QString& text, Glyph glyph, const QList<QKeySequence>& keys,
                       std::function<void()> act, const QString& button) {
    actions_->add(page_, {QString::fromLatin1(id), where, text, glyph, keys, button}, std::move(act));
  };
  add(
      "queue.hold", tr("Hold the selected runs in the queue"), Glyph::clock, {}, [this] { hold_or_release(); },
      tr("Hold"));
  add(
      "queue.front", tr("Move the selected runs to the front of the queue"), Glyph::up,
      {QKeySequence(Qt::ALT | Qt::Key_Home)}, [this] { history_->move_to_front(selected_()); }, tr("To the front"));
  add(
      "queue.up", tr("Move the selected run up in the queue"), Glyph::up, {QKeySequence(Qt::ALT | Qt::Key_Up)},
      [this] { move_by_one(true); }, tr("Up"));
  add(
      "queue.down", tr("Move the selected run down in the queue"), Glyph::down, {QKeySequence(Qt::ALT | Qt::Key_Down)},
      [this] { move_by_one(false); }, tr("Down"));
  add(
      "queue.priority", tr("Set the priority of the selected runs"), Glyph::bolt, {}, [this] { ask_priority(); },
      tr("Priority…"));
  add(
      "queue.hold_all", tr("Hold the queue"), Glyph::clock, {},
      [this] { history_->hold_queue(!history_->queue()->is_held()); }, tr("Hold the queue"));
  connect(history_->queue(), &QueueStore::changed, this, [this] { update(); });
}

bool QueueActions::first_is_held() const {
  const std::vector<store::RunId> runs = selected_();
  const agent::QueueEntry* entry = runs.empty() ? nullptr : history_->queue()->find(runs.front());
  return entry != nullptr && entry->job.hold != store::Hold::none;
}

void QueueActions::update() {
  const std::vector<store::RunId> runs = selected_();
  const QueueStore& queue = *history_->queue();
  const bool all_wait = std::ranges::all_of(runs, [&](store::RunId run) { return queue.find(run) != nullptr; });
  QString why = runs.empty() ? tr("Select a run first.") : QString();
  if (why.isEmpty() && !all_wait) why = tr("Only runs that wait in the queue have a place in it.");
  for (const char* id : kOfRuns) actions_->set_reason(QString::fromLatin1(id), why);
  const bool held = first_is_held();
  actions_->set_words(u"queue.hold"_s,
                      held ? tr("Release the selected runs") : tr("Hold the selected runs in the queue"),
                      held ? tr("Release") : tr("Hold"));
  actions_->set_words(u"queue.hold_all"_s, queue.is_held() ? tr("Release the queue") : tr("Hold the queue"),
                      queue.is_held() ? tr("Release the queue") : tr("Hold the queue"));
  if (!why.isEmpty()) return;
  const int place = queue.find(runs.front())->position;
  const QString one = runs.size() == 1 ? QString() : tr("Select a single run.");
  actions_->set_reason(u"queue.up"_s, place == 1 ? tr("It is the first in the queue.") : one);
  actions_->set_reason(u"queue.down"_s,
                       place == static_cast<int>(queue.queued().size()) ? tr("It is the last in the queue.") : one);
}

void QueueActions::hold_or_release() { history_->hold(selected_(), !first_is_held()); }

void QueueActions::move_by_one(bool up) {
  const std::vector<store::RunId> runs = selected_();
  const auto& queued = history_->queue()->queued();
  const agent::QueueEntry* entry = runs.empty() ? nullptr : history_->queue()->find(runs.front());
  if (entry == nullptr) return;
  const int beside = entry->position - 1 + (up ? -1 : 1);
  if (beside < 0 || beside >= static_cast<int>(queued.size())) return;
  history_->move_beside(runs.front(), queued[static_cast<std::size_t>(beside)].job.run, up);
}

void QueueActions::ask_priority() {
  const std::vector<store::RunId> runs = selected_();
  const agent::QueueEntry* entry = runs.empty() ? nullptr : history_->queue()->find(runs.front());
  if (entry == nullptr) return;
  auto* dialog = new QInputDialog(page_);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setInputMode(QInputDialog::IntInput);
  dialog->setWindowTitle(tr("Priority in the queue"));
  dialog->setLabelText(tr("Runs of a higher priority begin first."));
  dialog->setIntRange(-kMostPriority, kMostPriority);
  dialog->setIntValue(entry->job.priority);
  connect(dialog, &QInputDialog::intValueSelected, this,
          [this, runs](int priority) { history_->set_priority(runs, priority); });
  dialog->open();
}

}  // namespace athanor::app
