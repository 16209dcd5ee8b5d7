// What can be undone and done again of something that is kept whole: its states before each edit. Edits with the same
// key that follow each other are one, so that a word that is typed is taken back at once. A value; GUI thread.
#pragma once

#include <QString>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace athanor::app {

template <class State>
class UndoList {
 public:
  static constexpr std::size_t kMost = 500;

  // Before an edit. An empty key is an edit of its own.
  void remember(State before, const QString& key) {
    undone_.clear();
    if (!key.isEmpty() && key == key_) return;
    key_ = key;
    done_.push_back(std::move(before));
    if (done_.size() > kMost) done_.erase(done_.begin());
  }
  void clear() { *this = {}; }
  // The next edit is one of its own, whatever its key.
  void end_edit() { key_.clear(); }

  [[nodiscard]] bool can_undo() const { return !done_.empty(); }
  [[nodiscard]] bool can_redo() const { return !undone_.empty(); }
  // What takes the place of `now`; nothing where there is none.
  [[nodiscard]] std::optional<State> undo(State now) { return move_one(done_, undone_, std::move(now)); }
  [[nodiscard]] std::optional<State> redo(State now) { return move_one(undone_, done_, std::move(now)); }

 private:
  std::optional<State> move_one(std::vector<State>& from, std::vector<State>& to, State now) {
    key_.clear();
    if (from.empty()) return std::nullopt;
    std::optional<State> state = std::move(from.back());
    from.pop_back();
    to.push_back(std::move(now));
    return state;
  }

  std::vector<State> done_, undone_;
  QString key_;
};

}  // namespace athanor::app
