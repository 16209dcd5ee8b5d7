#include "widgets/relations/things.h"

#include "widgets/common/theme.h"

#include <algorithm>
#include <cmath>

namespace athanor::widgets {

QColor tone_color(const Theme& theme, double tone) {
  if (std::isnan(tone)) return theme.color(Role::faint);
  return mix(theme.series(0), theme.series(1), std::clamp(tone, 0.0, 1.0));
}

}  // namespace athanor::widgets
