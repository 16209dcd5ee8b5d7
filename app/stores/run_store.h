// The runs of the history as the GUI thread knows them, newest first, pinned ones before the others, deleted ones left
// out. Plain data: it announces before and after every change and knows no model, widget or SQL. GUI thread only.
#pragma once

#include "core/store/types.h"

#include <QObject>

#include <vector>

namespace athanor::app {

class RunStore final : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;

  [[nodiscard]] const std::vector<store::Run>& runs() const { return runs_; }
  // Null when there is no such run (deleted ones included).
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
  std::vector<store::Run> runs_;
  bool loaded_ = false;
};

}  // namespace athanor::app
