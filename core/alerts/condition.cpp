#include "core/alerts/condition.h"

#include "core/alerts/rule.h"
#include "core/query/query.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace athanor::alerts {
namespace {

using query::Aggregate;

std::optional<double> value_of(const Window& window, Aggregate aggregate) {
  const auto& points = window.points();
  if (points.empty()) return std::nullopt;
  std::vector<double> finite;
  for (const Point& point : points)
    if (std::isfinite(point.value)) finite.push_back(point.value);
  switch (aggregate) {
    case Aggregate::last: return points.back().value;
    case Aggregate::first: return points.front().value;
    case Aggregate::count: return static_cast<double>(points.size());
    case Aggregate::mean: return window.mean(0, points.size());
    case Aggregate::min: return finite.empty() ? std::nullopt : std::optional(std::ranges::min(finite));
    case Aggregate::max: return finite.empty() ? std::nullopt : std::optional(std::ranges::max(finite));
  }
  return std::nullopt;
}

// One row: the run as it is now.
class Now final : public query::Table {
 public:
  Now(std::span<const std::string> names, std::map<std::string, Window>& windows, int window)
      : windows_(windows), window_(window) {
    columns_.push_back({"step", query::Type::number, query::Origin::field, "", false});
    for (const std::string& name : names)
      columns_.push_back({name, query::Type::number, query::Origin::metric, "", false});
  }
  [[nodiscard]] std::span<const query::Column> columns() const override { return columns_; }
  [[nodiscard]] std::vector<std::string> values(std::size_t) const override { return {}; }
  [[nodiscard]] Handle bind(std::size_t column, Aggregate aggregate) override {
    const Window* window = nullptr;
    if (column > 0) window = &windows_.try_emplace(columns_[column].name, window_).first->second;
    read_.emplace_back(window, aggregate);
    return static_cast<Handle>(read_.size() - 1);
  }
  [[nodiscard]] std::optional<double> number(Handle handle, std::size_t) const override {
    const auto& [window, aggregate] = read_[handle];
    return window == nullptr ? static_cast<double>(step) : value_of(*window, aggregate);
  }
  [[nodiscard]] std::optional<std::string_view> text(Handle, std::size_t) const override { return std::nullopt; }
  [[nodiscard]] std::span<const std::string> texts(Handle, std::size_t) const override { return {}; }

  std::int64_t step = 0;

 private:
  std::map<std::string, Window>& windows_;
  int window_;
  std::vector<query::Column> columns_;
  std::vector<std::pair<const Window*, Aggregate>> read_;
};

}  // namespace

struct Condition::State {
  State(std::span<const std::string> names, int window) : now(names, windows, window) {}
  std::map<std::string, Window> windows;
  Now now;
  std::optional<query::Filter> filter;
};

// Each name in turn that no run has, as long as it can be a whole one.
Result<std::vector<std::string>> meant_by(const std::string& condition, std::vector<std::string> known) {
  while (true) {
    std::map<std::string, Window> windows;
    Now now(known, windows, 1);
    const auto filter = query::Filter::compile(condition, now, {0, query::Zone::utc});
    if (filter) {
      std::vector<std::string> names;
      for (const auto& [name, window] : windows) names.push_back(name);
      return names;
    }
    const auto fresh = std::ranges::find_if(filter.error(), [&](const query::Fault& fault) {
      return fault.kind == query::FaultKind::unknown_name &&
             condition.substr(fault.position, fault.length).find('/') != std::string::npos;
    });
    if (fresh == filter.error().end()) return tl::unexpected(query::to_error(condition, filter.error()));
    std::string name = condition.substr(fresh->position, fresh->length);
    std::erase(name, '`');
    if (std::ranges::find(known, name) != known.end())
      return tl::unexpected(query::to_error(condition, filter.error()));
    known.push_back(std::move(name));
  }
}

std::unique_ptr<Condition> Condition::bind(const std::string& text, int window, std::span<const std::string> names) {
  auto state = std::make_unique<State>(names, window);
  auto filter = query::Filter::compile(text, state->now, {0, query::Zone::utc});
  if (!filter) return nullptr;
  state->filter = std::move(*filter);
  return std::unique_ptr<Condition>(new Condition(std::move(state)));
}

Condition::Condition(std::unique_ptr<State> state) : state_(std::move(state)) {}
Condition::~Condition() = default;

std::map<std::string, Window>& Condition::windows() { return state_->windows; }

bool Condition::holds(std::int64_t step) const {
  state_->now.step = step;
  return state_->filter->matches(0);
}

}  // namespace athanor::alerts
