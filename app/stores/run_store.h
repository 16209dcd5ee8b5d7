// The runs of the history as the GUI thread knows them, newest first, pinned ones before the others: those that are
// there, or those that were deleted. Plain data: it announces before and after every change and knows no model, widget
// or SQL. GUI thread only.
#pragma once

#include "core/store/types.h"

#include <QObject>

#include <vector>

namespace athanor::app {

class RunStore final : public QObject {
  Q_OBJECT
 public:
  enum class Holds { present, deleted };
  explicit RunStore(Holds holds = Holds::present, QObject* parent = nullptr) : QObject(parent), holds_(holds) {}

  [[nodiscard]] const std::vector<store::Run>& runs() const { return runs_; }
  // Null when there is no such run among those it holds.
  [[nodiscard]] const store::Run* find(store::RunId id) const;
  [[nodiscard]] int row_of(store::RunId id) const;  // -1: none
  [[nodiscard]] bool is_loaded() const { return loaded_; }
  [[nodiscard]] bool has_live_runs() const;

  // Takes the whole list as read; differences are announced row by row or range by range.
  void apply(std::vector<store::Run> runs);

 Q_SIGNALS:
  void rows_about_to_be_inserted(int first, int last);
  void rows_inserted();
  void rows_about_to_be_removed(int first, int last);
  void rows_removed();
  void rows_changed(int first, int last);
  void applied();  // after every apply, also without differences

 private:
  Holds holds_;
  std::vector<store::Run> runs_;
  bool loaded_ = false;
};

}  // namespace athanor::app
