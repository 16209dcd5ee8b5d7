// The alert rules of one run over its points. What it tells depends on points, times and rules alone, however the
// points are cut into calls and wherever the watch is made anew from its state. One thread.
#pragma once

#include "core/alerts/rule.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::alerts {

// A rule for the time it holds; times are wall-clock nanoseconds since the Unix epoch.
struct ActiveRule {
  std::int64_t id = 0;  // of this rule as it is: another one has another
  Rule rule;
  std::int64_t from_ns = 0, until_ns = std::numeric_limits<std::int64_t>::max();
};

// Points that name the same metrics, row by row.
struct Points {
  std::span<const std::string> names;
  std::span<const std::int64_t> steps, times_ns;  // of each row
  std::span<const double> values;                 // one for each name
  std::int64_t anchor_ns = 0;                     // is added to the times
};

struct Told {
  bool raised = false;  // or cleared
  Rule rule;
  std::int64_t step = 0, time_ns = 0;
  std::int64_t began_step = 0;  // the first of the points in a row beyond the bound
  std::string text;
};

class Watch {
 public:
  // Begins anew where the state cannot be read; rules that it does not know begin anew.
  Watch(std::vector<ActiveRule> rules, std::string_view state);
  Watch(Watch&&) noexcept;
  Watch& operator=(Watch&&) noexcept;
  ~Watch();

  [[nodiscard]] bool is_empty() const;
  void take(const Points& points, std::vector<Told>& told);
  // The run goes on, though it says nothing yet; or it does not any more.
  void goes_on(std::int64_t time_ns);
  void has_ended();
  // What a clock tells, which no point does.
  void look_at_clock(std::int64_t now_ns, std::vector<Told>& told);
  [[nodiscard]] std::string state() const;

 private:
  struct Each;
  void restore(std::string_view state);

  std::vector<std::unique_ptr<Each>> rules_;
};

}  // namespace athanor::alerts
