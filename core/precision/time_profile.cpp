#include "core/precision/time_profile.h"

#include <cmath>
#include <iterator>

namespace athanor::precision {

double TimeProfile::of(Pass pass, PassFormat format, double multiply_adds) const {
  if (by_size.empty()) return published_time(format);
  const double size = multiply_adds > 1 ? std::log2(multiply_adds) : 0.0;
  auto nearest = by_size.lower_bound(static_cast<int>(std::ceil(size)));
  if (nearest == by_size.end() ||
      (nearest != by_size.begin() && nearest->first - size > size - std::prev(nearest)->first))
    --nearest;
  return nearest->second[static_cast<std::size_t>(pass)][static_cast<std::size_t>(format)];
}

}  // namespace athanor::precision
