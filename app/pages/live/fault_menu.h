// For those who develop Athanor: lets one rank of the run that is shown suffer a fault, to see that the run survives
// it, and says what came of it. GUI thread only; collaborators are not owned.
#pragma once

#include "app/feedback/notice.h"
#include "core/store/types.h"

#include <QObject>
#include <QString>

#include <cstddef>
#include <set>

class QPushButton;
class QWidget;

namespace athanor::app {

class ActionRegistry;
class HistoryController;
class LiveController;

class FaultMenu final : public QObject {
  Q_OBJECT
 public:
  // Adds the action live.inject to `page`.
  FaultMenu(LiveController* live, HistoryController* history, ActionRegistry* actions, QWidget* page);
  [[nodiscard]] QPushButton* make_button(QWidget* parent);
  // To be called when the run, or what it has told, is another.
  void show_state();

 Q_SIGNALS:
  void notice(const athanor::app::Notice& notice);

 private:
  void see_ranks();
  void choose();
  void ask(const char* kind, int rank, const QString& settings);
  void tell_result();
  [[nodiscard]] QString why_not() const;

  LiveController* live_;
  HistoryController* history_;
  ActionRegistry* actions_;
  QWidget* page_;
  QPushButton* button_ = nullptr;
  store::RunId seen_ = 0;  // run that the ranks are of
  std::set<int> ranks_;
  store::RunId asked_ = 0;         // run whose answer is awaited; 0: none
  std::ptrdiff_t recoveries_ = 0;  // that it had by then
};

}  // namespace athanor::app
