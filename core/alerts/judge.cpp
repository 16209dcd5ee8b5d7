#include "core/alerts/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace athanor::alerts {
namespace {

std::string spike(const Rule& rule, const Window& before, const Point& point) {
  // Of a curve without any spread the last digits are none either.
  constexpr double kLeastSpread = 1e-3;
  if (!before.is_full()) return {};
  const auto median = before.median();
  if (!median) return {};
  const double spread = std::max(before.spread(*median), kLeastSpread * std::abs(*median));
  const double distance = rule.more_is_better ? *median - point.value : point.value - *median;
  if (std::isfinite(point.value) && !(distance > rule.bound * spread)) return {};
  return fmt::format("{} is {:.6g}, where the last {} were about {:.6g}", rule.metric, point.value, rule.window,
                     *median);
}

std::string plateau(const Rule& rule, Window window, const Point& point) {
  window.add(point);
  if (!window.is_full()) return {};
  const std::size_t half = window.points().size() / 2;
  const auto older = window.mean(0, half);
  const auto newer = window.mean(window.points().size() - half, half);
  if (!older || !newer) return {};
  const double better = rule.more_is_better ? *newer - *older : *older - *newer;
  const double least = rule.bound * std::abs(*older);
  if (better > least) return {};
  return fmt::format("{} went from {:.6g} to {:.6g} within {} points", rule.metric, *older, *newer, rule.window);
}

std::string drop(const Rule& rule, const Window& before, const Point& point) {
  if (!before.is_full()) return {};
  const auto median = before.median();
  if (!median || !(point.value < rule.bound * *median)) return {};
  return fmt::format("{} is {:.6g}, less than {:.3g} of {:.6g}", rule.metric, point.value, rule.bound, *median);
}

}  // namespace

std::string beyond(const Rule& rule, const Window& before, const Point& point) {
  switch (rule.kind) {
    case Kind::nan: return std::isfinite(point.value) ? "" : fmt::format("{} is {}", rule.metric, point.value);
    case Kind::spike: return spike(rule, before, point);
    case Kind::plateau: return plateau(rule, before, point);
    case Kind::drop: return drop(rule, before, point);
    case Kind::stall:
    case Kind::condition: break;
  }
  return {};
}

}  // namespace athanor::alerts
