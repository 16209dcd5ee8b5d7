// One rule of a watch and what it has seen. Internal to the folder.
#pragma once

#include "core/alerts/condition.h"
#include "core/alerts/watch.h"
#include "core/alerts/window.h"

#include <memory>
#include <string>
#include <vector>

namespace athanor::alerts {

struct Watch::Each {
  explicit Each(ActiveRule given) : active(std::move(given)), window(active.rule.window > 0 ? active.rule.window : 1) {
    const Rule& rule = active.rule;
    if (rule.kind == Kind::condition) condition = Condition::bind(rule.condition, rule.window, rule.metrics);
  }

  [[nodiscard]] bool holds_at(std::int64_t time_ns) const {
    return time_ns >= active.from_ns && time_ns < active.until_ns;
  }
  void take(const Points& points, std::size_t row, std::vector<Told>& told);
  void look_at_clock(std::int64_t now_ns, std::vector<Told>& told);
  // Where its metrics stand among these names.
  void find_columns(std::span<const std::string> names);

  ActiveRule active;
  int beyond = 0, within = 0;  // points in a row
  bool raised = false;
  std::int64_t began_step = 0;
  std::int64_t last_step = 0;
  std::int64_t heard_ns = 0;  // of a stall: when the run was heard of last; 0: it need not be
  Window window;
  std::unique_ptr<Condition> condition;

 private:
  void go_back(std::int64_t step, std::int64_t time_ns, std::vector<Told>& told);
  void take_condition(const Points& points, std::size_t row, std::int64_t time_ns, std::vector<Told>& told);
  void count(const std::string& why, std::int64_t step, std::int64_t time_ns, std::vector<Told>& told);
  void raise(const std::string& why, std::int64_t step, std::int64_t time_ns, std::vector<Told>& told);
  void clear(const std::string& why, std::int64_t step, std::int64_t time_ns, std::vector<Told>& told);

  std::vector<std::pair<std::size_t, Window*>> columns_;  // of the names found last
};

}  // namespace athanor::alerts
