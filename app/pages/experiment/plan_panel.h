// Beside the form: what the experiment will cost, before anything starts. GUI thread only.
#pragma once

#include "app/controllers/planner.h"

#include <QWidget>

class QLabel;

namespace athanor::widgets {
class BusyChip;
class StackedBar;
class TimelineView;
}  // namespace athanor::widgets

namespace athanor::app {

class FactList;

class PlanPanel final : public QWidget {
  Q_OBJECT
 public:
  explicit PlanPanel(QWidget* parent);
  void show_plan(const Planner& planner, int faults);
  [[nodiscard]] widgets::TimelineView* schedule() const { return schedule_; }

 private:
  QWidget* build_schedule();
  void show_prediction(const recipe::Prediction& prediction);
  void show_ranks(const recipe::Prediction& prediction);
  void show_schedule(const recipe::Prediction& prediction);

  widgets::BusyChip* busy_ = nullptr;
  QLabel* state_ = nullptr;
  QWidget* body_ = nullptr;
  QLabel* time_ = nullptr;
  QLabel* time_caption_ = nullptr;
  QLabel* time_basis_ = nullptr;
  QLabel* memory_ = nullptr;
  QLabel* memory_basis_ = nullptr;
  widgets::StackedBar* bar_ = nullptr;
  FactList* facts_ = nullptr;
  QWidget* schedule_box_ = nullptr;
  QLabel* schedule_words_ = nullptr;
  widgets::TimelineView* schedule_ = nullptr;
  QLabel* notes_ = nullptr;
};

}  // namespace athanor::app
