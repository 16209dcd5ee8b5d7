// The foot of the window: what is going on at the left, whether the agent is there at the right. GUI thread only; what
// it is given is not owned.
#pragma once

#include <QWidget>

class QLabel;

namespace athanor::widgets {
class BusyChip;
}

namespace athanor::app {

class AgentLink;
class RunStore;

class StatusFoot final : public QWidget {
  Q_OBJECT
 public:
  StatusFoot(const AgentLink* link, const RunStore* runs, QWidget* parent);

 private:
  void show_agent();
  void show_counts();

  const AgentLink* link_;
  const RunStore* runs_;
  QLabel* counts_ = nullptr;
  widgets::BusyChip* agent_ = nullptr;
};

}  // namespace athanor::app
