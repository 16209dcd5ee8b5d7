#include "widgets/plot/curve_columns.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace athanor::widgets {
namespace {

bool differ(double a, double b) { return a != b && (std::isfinite(a) || std::isfinite(b)); }

}  // namespace

void ValueExtent::take(double value) {
  if (!std::isfinite(value)) return;
  least = std::min(least, value);
  greatest = std::max(greatest, value);
  if (value > 0) least_positive = std::min(least_positive, value);
}

// Without branches, so that several are compared at a time.
void ValueExtent::take(std::span<const double> values) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double low = least, high = greatest, positive = least_positive;
  for (const double value : values) {
    const bool finite = value - value == 0;
    const double below = finite ? value : kInfinity;
    const double above = finite ? value : -kInfinity;
    const double over_zero = finite && value > 0 ? value : kInfinity;
    low = below < low ? below : low;
    high = above > high ? above : high;
    positive = over_zero < positive ? over_zero : positive;
  }
  least = low;
  greatest = high;
  least_positive = positive;
}

void ValueExtent::take(const ValueExtent& other) {
  least = std::min(least, other.least);
  greatest = std::max(greatest, other.greatest);
  least_positive = std::min(least_positive, other.least_positive);
}

void CurveColumns::reserve(std::size_t count) {
  for (auto* values : {&step_, &seconds_, &last_}) values->reserve(count);
}

// A kind that says nothing new is not kept until a column makes it differ.
void CurveColumns::append(const CurveColumn& column) {
  const std::size_t before = size();
  step_.push_back(column.step);
  seconds_.push_back(column.seconds);
  last_.push_back(column.last);
  if (has_band() || differ(column.minimum, column.last) || differ(column.maximum, column.last)) {
    if (!has_band()) {
      minimum_.assign(last_.begin(), last_.end() - 1);
      maximum_ = minimum_;
    }
    minimum_.push_back(column.minimum);
    maximum_.push_back(column.maximum);
  }
  if (has_own_line() || differ(column.line, column.last)) {
    if (!has_own_line()) line_.assign(last_.begin(), last_.end() - 1);
    line_.push_back(column.line);
  }
  if (samples_.size() == before && std::isfinite(column.samples))
    samples_.push_back(column.samples);
  else
    samples_.clear();  // and never again as many as there are columns
  if (!non_finite_.empty() || column.non_finite > 0) {
    non_finite_.resize(before, 0);
    non_finite_.push_back(column.non_finite);
  }
  for (const double value : {column.minimum, column.maximum, column.last, column.line}) extent_.take(value);
}

CurveColumn CurveColumns::operator[](std::size_t index) const {
  return {step_[index],
          seconds_[index],
          minimum()[index],
          maximum()[index],
          last_[index],
          line()[index],
          non_finite_.empty() ? 0 : non_finite_[index],
          samples_.empty() ? CurveColumn::kUnknown : samples_[index]};
}

std::span<const double> CurveColumns::x(XAxis axis) const {
  switch (axis) {
    case XAxis::step: return step_;
    case XAxis::samples: return samples_;
    case XAxis::time:
    case XAxis::wall_time: break;
  }
  return seconds_;
}

SharedColumns share(CurveColumns columns) { return std::make_shared<const CurveColumns>(std::move(columns)); }

}  // namespace athanor::widgets
