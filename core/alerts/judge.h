// What a rule of one metric looks at when a point comes. Internal to the folder.
#pragma once

#include "core/alerts/rule.h"
#include "core/alerts/window.h"

#include <optional>
#include <string>

namespace athanor::alerts {

// Why a point is beyond the bound, in words; empty: it is within. `before` holds the points before it.
[[nodiscard]] std::string beyond(const Rule& rule, const Window& before, const Point& point);

}  // namespace athanor::alerts
