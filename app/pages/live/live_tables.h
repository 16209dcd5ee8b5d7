// Cards of the live page that are tables: the plan held against what was measured, how the run came back from losses,
// and what happened; newest first. GUI thread only.
#pragma once

#include "app/pages/parts/page_parts.h"
#include "core/store/types.h"

#include <vector>

class QLabel;
class QTableWidget;

namespace athanor::app {

class PlanCheckCard final : public Card {
  Q_OBJECT
 public:
  explicit PlanCheckCard(QWidget* parent);
  void show_check(const std::vector<store::Occurrence>& occurrences, store::RunStatus status);
  void show_prospects(bool live);  // what is said while there is no check

 private:
  QTableWidget* table_ = nullptr;
  QLabel* empty_ = nullptr;
};

// Hidden while no rank was lost.
class RecoveriesCard final : public Card {
  Q_OBJECT
 public:
  explicit RecoveriesCard(QWidget* parent);
  void show_recoveries(const std::vector<store::Occurrence>& occurrences);
  [[nodiscard]] QTableWidget* table() const { return table_; }

 private:
  QTableWidget* table_ = nullptr;
};

class EventsCard final : public Card {
  Q_OBJECT
 public:
  explicit EventsCard(QWidget* parent);
  void show_events(const std::vector<store::Occurrence>& occurrences);

 private:
  QTableWidget* table_ = nullptr;
};

}  // namespace athanor::app
