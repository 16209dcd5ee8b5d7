#include "core/alerts/watch.h"

#include "core/alerts/judge.h"
#include "core/alerts/watch_each.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace athanor::alerts {

void Watch::Each::raise(const std::string& why, std::int64_t step, std::int64_t time_ns, std::vector<Told>& told) {
  raised = true;
  within = 0;
  told.push_back({true, active.rule, step, time_ns, began_step, fmt::format("{}: {}", active.rule.name, why)});
}

void Watch::Each::clear(const std::string& why, std::int64_t step, std::int64_t time_ns, std::vector<Told>& told) {
  raised = false;
  within = 0;
  told.push_back({false, active.rule, step, time_ns, began_step, fmt::format("{}: {}", active.rule.name, why)});
}

void Watch::Each::count(const std::string& why, std::int64_t step, std::int64_t time_ns, std::vector<Told>& told) {
  if (why.empty()) {
    beyond = 0;
    if (raised && ++within >= active.rule.clear_after)
      clear(fmt::format("within its bound again for {} point{}", within, within == 1 ? "" : "s"), step, time_ns, told);
    return;
  }
  within = 0;
  if (raised) return;
  if (beyond++ == 0) began_step = step;
  if (beyond < active.rule.raise_after) return;
  beyond = 0;
  raise(why, step, time_ns, told);
}

// Steps that were taken are taken again: what they said is as if it had not been.
void Watch::Each::go_back(std::int64_t step, std::int64_t time_ns, std::vector<Told>& told) {
  beyond = within = 0;
  window.cut(step);
  if (condition)
    for (auto& [name, each] : condition->windows()) each.cut(step);
  if (raised && began_step >= step) clear(fmt::format("the run went back to step {}", step), step, time_ns, told);
}

void Watch::Each::find_columns(std::span<const std::string> names) {
  columns_.clear();
  const auto add = [&](const std::string& metric, Window* into) {
    const auto found = std::ranges::find(names, metric);
    if (found != names.end()) columns_.emplace_back(static_cast<std::size_t>(found - names.begin()), into);
  };
  if (active.rule.kind == Kind::condition) {
    if (condition)
      for (auto& [name, each] : condition->windows()) add(name, &each);
  } else if (!active.rule.metric.empty()) {
    add(active.rule.metric, &window);
  }
}

void Watch::Each::take(const Points& points, std::size_t row, std::vector<Told>& told) {
  const std::int64_t time_ns = points.anchor_ns + points.times_ns[row];
  const Rule& rule = active.rule;
  if (!holds_at(time_ns)) return;
  if (rule.kind == Kind::condition) return take_condition(points, row, time_ns, told);
  if (columns_.empty() && !rule.metric.empty()) return;
  const std::int64_t step = points.steps[row];
  if (rule.kind == Kind::stall) {
    heard_ns = time_ns;
    last_step = step;
    return count("", step, time_ns, told);
  }
  if (step <= last_step) go_back(step, time_ns, told);
  last_step = step;
  const Point point{step, points.values[row * points.names.size() + columns_.front().first]};
  const std::string why = alerts::beyond(rule, window, point);
  window.add(point);
  count(why, step, time_ns, told);
}

void Watch::Each::take_condition(const Points& points, std::size_t row, std::int64_t time_ns, std::vector<Told>& told) {
  if (!condition || (columns_.empty() && !condition->windows().empty())) return;
  const std::int64_t step = points.steps[row];
  // Metrics of one step may come in several rows.
  if (step < last_step) go_back(step, time_ns, told);
  last_step = step;
  for (const auto& [column, into] : columns_) into->add({step, points.values[row * points.names.size() + column]});
  count(condition->holds(step) ? active.rule.condition + " holds" : "", step, time_ns, told);
}

void Watch::Each::look_at_clock(std::int64_t now_ns, std::vector<Told>& told) {
  if (active.rule.kind != Kind::stall || heard_ns == 0 || raised) return;
  const std::int64_t due_ns = std::max(heard_ns, active.from_ns) + static_cast<std::int64_t>(active.rule.bound * 1e9);
  if (now_ns <= due_ns || due_ns >= active.until_ns) return;
  began_step = last_step + 1;
  const std::string what = active.rule.metric.empty() ? "the run" : active.rule.metric;
  raise(fmt::format("nothing of {} came for {:.6g} s after step {}", what, active.rule.bound, last_step), last_step,
        due_ns, told);
}

Watch::Watch(std::vector<ActiveRule> rules, std::string_view state) {
  for (ActiveRule& each : rules) rules_.push_back(std::make_unique<Each>(std::move(each)));
  restore(state);
}
Watch::Watch(Watch&&) noexcept = default;
Watch& Watch::operator=(Watch&&) noexcept = default;
Watch::~Watch() = default;

bool Watch::is_empty() const { return rules_.empty(); }

void Watch::take(const Points& points, std::vector<Told>& told) {
  if (points.steps.empty()) return;
  for (const auto& each : rules_) each->find_columns(points.names);
  for (std::size_t row = 0; row < points.steps.size(); ++row) {
    look_at_clock(points.anchor_ns + points.times_ns[row], told);  // what came too late was missed until then
    for (const auto& each : rules_) each->take(points, row, told);
  }
}

void Watch::goes_on(std::int64_t time_ns) {
  for (const auto& each : rules_)
    if (each->active.rule.kind == Kind::stall) each->heard_ns = time_ns;
}

void Watch::has_ended() {
  for (const auto& each : rules_) each->heard_ns = 0;
}

void Watch::look_at_clock(std::int64_t now_ns, std::vector<Told>& told) {
  for (const auto& each : rules_) each->look_at_clock(now_ns, told);
}

}  // namespace athanor::alerts
