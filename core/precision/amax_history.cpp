#include "core/precision/amax_history.h"

#include "kernels/base/scaling.h"

#include <algorithm>
#include <cmath>

namespace athanor::precision {

void AmaxHistory::roll(double amax) {
  values_.push_back(amax);
  if (values_.size() > static_cast<std::size_t>(std::max(settings_.history, 1))) values_.erase(values_.begin());
  const double largest = *std::ranges::max_element(
      values_, [](double a, double b) { return (std::isfinite(a) ? a : 0) < (std::isfinite(b) ? b : 0); });
  if (!(largest > 0) || !std::isfinite(largest)) return;
  const float exact = kernels::scale_for(static_cast<float>(largest), largest_, false);
  scale_ = std::ldexp(exact, settings_.margin);
}

}  // namespace athanor::precision
