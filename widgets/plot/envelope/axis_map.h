// From values to pixels along one axis, linear or logarithmic. Pure; any thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

namespace athanor::widgets {

class AxisMap {
 public:
  AxisMap() = default;
  // `from` lies at the pixel `at_from`, `to` at `at_to`; logarithmic: both above 0.
  AxisMap(double from, double to, double at_from, double at_to, bool logarithmic)
      : logarithmic_(logarithmic), begin_(along(from)), at_from_(at_from) {
    const double length = along(to) - begin_;
    scale_ = length != 0 ? (at_to - at_from) / length : 0;
  }

  // Whether the axis has a place for it, in sight or not.
  [[nodiscard]] bool shows(double value) const { return std::isfinite(value) && (!logarithmic_ || value > 0); }
  // NaN for what it does not show. Places further outside than whole numbers reach are moved there.
  [[nodiscard]] double pixel(double value) const { return limited(place(value)); }
  // The same for many, moved to where a float still tells pixels apart.
  void place(std::span<const double> values, float* out) const {
    const AxisMap map = *this;  // a copy that `out` cannot point into
    const auto put = [&](auto place_of) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        const auto place = static_cast<float>(place_of(values[i]));
        out[i] = std::max(std::min(place, kFar), -kFar);
      }
    };
    if (logarithmic_)
      put([&](double value) { return map.place(value); });
    else
      put([&](double value) { return map.linear(value); });
  }
  [[nodiscard]] double value(double pixel) const {
    const double place = begin_ + (scale_ != 0 ? (pixel - at_from_) / scale_ : 0);
    return logarithmic_ ? std::exp(place) : place;
  }
  [[nodiscard]] bool is_logarithmic() const { return logarithmic_; }

  static constexpr float kFar = 1e5F;

 private:
  static double limited(double place) {
    constexpr double kLimit = 1e9;
    return place < -kLimit ? -kLimit : place > kLimit ? kLimit : place;
  }
  // What is not finite becomes NaN.
  [[nodiscard]] double linear(double value) const { return (value - begin_) * scale_ + at_from_ + (value - value); }
  [[nodiscard]] double place(double value) const { return linear(along(value)); }
  static double logarithm(double value) { return value > 0 ? std::log(value) : std::nan(""); }
  [[nodiscard]] double along(double value) const { return logarithmic_ ? logarithm(value) : value; }

  bool logarithmic_ = false;
  double begin_ = 0, scale_ = 1, at_from_ = 0;
};

}  // namespace athanor::widgets
