// What can be done with the places of runs in the queue, as actions of the page of runs. GUI thread only; what it is
// given is not owned and outlives it.
#pragma once

#include "core/store/types.h"

#include <QObject>

#include <functional>
#include <vector>

class QWidget;

namespace athanor::app {

class ActionRegistry;
class HistoryController;

class QueueActions final : public QObject {
  Q_OBJECT
 public:
  using Selected = std::function<std::vector<store::RunId>()>;
  // The keys work in `page`, which becomes the parent.
  QueueActions(HistoryController* history, ActionRegistry* actions, Selected selected, QWidget* page);
  // What may be done with the selected runs now.
  void update();

  static constexpr const char* kOfRuns[] = {"queue.hold", "queue.front", "queue.up", "queue.down", "queue.priority"};

 private:
  void hold_or_release();
  void move_by_one(bool up);
  void ask_priority();
  [[nodiscard]] bool first_is_held() const;

  HistoryController* history_;
  ActionRegistry* actions_;
  Selected selected_;
  QWidget* page_;
};

}  // namespace athanor::app
