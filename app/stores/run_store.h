// The runs of the history as the GUI thread knows them, newest first, pinned ones before the others: those that are
// there, or those that were deleted. Plain data: it says which runs changed and knows no model, widget or SQL. Made for
// a hundred thousand of them: what changes costs by what changed. GUI thread only.
#pragma once

#include "core/store/types.h"

#include <QObject>

#include <unordered_map>
#include <vector>

namespace athanor::app {

// Between two states of the store. A run that changed its place is altered.
struct RunDelta {
  bool anew = false;  // nothing of before is left; the lists are empty
  std::vector<store::RunId> added = {}, altered = {}, removed = {};
  [[nodiscard]] bool is_empty() const { return !anew && added.empty() && altered.empty() && removed.empty(); }
};

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
  [[nodiscard]] bool has_live_runs() const { return live_ > 0; }

  // Takes over what became of runs; those of the other kind are passed over, or leave.
  void apply(store::RunChanges changes);
  // The whole list.
  void apply(std::vector<store::Run> runs);

 Q_SIGNALS:
  void changed(const athanor::app::RunDelta& delta);
  void applied();  // after every apply, also without differences

 private:
  [[nodiscard]] bool holds(const store::Run& run) const;
  void replace_all(std::vector<store::Run> runs);
  void update(std::vector<store::Run> changed, const std::vector<store::RunId>& gone);
  void put_in_place(std::vector<store::Run> arrived, const std::vector<store::RunId>& leaving);
  void count();
  void finish(const RunDelta& delta);

  Holds holds_;
  std::vector<store::Run> runs_;
  std::unordered_map<store::RunId, int> rows_;
  int live_ = 0;
  bool loaded_ = false;
};

}  // namespace athanor::app
