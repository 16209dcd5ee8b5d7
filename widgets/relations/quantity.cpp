#include "widgets/relations/quantity.h"

#include "widgets/common/numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace athanor::widgets {

bool Quantity::is_known(std::size_t thing) const { return thing < values.size() && std::isfinite(values[thing]); }

std::pair<double, double> extent_of(const Quantity& quantity) {
  if (!quantity.choices.empty()) return {0, static_cast<double>(quantity.choices.size() - 1)};
  double least = std::numeric_limits<double>::infinity(), greatest = -least;
  for (const double value : quantity.values) {
    if (!std::isfinite(value)) continue;
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  return least <= greatest ? std::pair(least, greatest) : std::pair(0.0, 1.0);
}

double place_of(const Quantity& quantity, std::pair<double, double> extent, double value) {
  if (!std::isfinite(value)) return std::numeric_limits<double>::quiet_NaN();
  auto [low, high] = extent;
  if (quantity.is_logarithmic) {
    low = std::log(low);
    high = std::log(high);
    value = std::log(value);
  }
  return high > low ? (value - low) / (high - low) : 0.5;
}

std::vector<AxisText> axis_texts(const Quantity& quantity, std::size_t most) {
  const auto extent = extent_of(quantity);
  std::vector<AxisText> texts;
  if (most == 0) return texts;
  if (!quantity.choices.empty()) {
    const std::size_t stride = (quantity.choices.size() + most - 1) / most;
    for (std::size_t i = 0; i < quantity.choices.size(); i += stride)
      texts.push_back({place_of(quantity, extent, static_cast<double>(i)), quantity.choices[i]});
    return texts;
  }
  const auto [low, high] = extent;
  const std::size_t count = low == high ? 1 : std::clamp<std::size_t>(most, 2, 5);
  for (std::size_t i = 0; i < count; ++i) {
    const double share = count == 1 ? 0 : static_cast<double>(i) / static_cast<double>(count - 1);
    const double value = quantity.is_logarithmic ? low * std::pow(high / low, share) : low + share * (high - low);
    texts.push_back({place_of(quantity, extent, value), number_text(value)});
  }
  return texts;
}

}  // namespace athanor::widgets
