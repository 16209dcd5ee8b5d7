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
    keep_band(before);
    minimum_.push_back(column.minimum);
    maximum_.push_back(column.maximum);
  }
  if (has_own_line() || differ(column.line, column.last)) {
    keep_line(before);
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

void CurveColumns::keep_band(std::size_t before) {
  if (has_band()) return;
  minimum_.assign(last_.begin(), last_.begin() + static_cast<std::ptrdiff_t>(before));
  maximum_ = minimum_;
}

void CurveColumns::keep_line(std::size_t before) {
  if (!has_own_line()) line_.assign(last_.begin(), last_.begin() + static_cast<std::ptrdiff_t>(before));
}

void CurveColumns::append(const CurveColumns& others, std::size_t first, std::size_t end) {
  if (first >= end) return;
  const std::size_t before = size(), count = end - first;
  const auto add = [&](std::vector<double>& to, std::span<const double> from) {
    const auto part = from.subspan(first, count);
    to.insert(to.end(), part.begin(), part.end());
  };
  add(step_, others.step_);
  add(seconds_, others.seconds_);
  add(last_, others.last_);
  if (has_band() || others.has_band()) {
    keep_band(before);
    add(minimum_, others.minimum());
    add(maximum_, others.maximum());
  }
  if (has_own_line() || others.has_own_line()) {
    keep_line(before);
    add(line_, others.line());
  }
  if (samples_.size() == before && !others.samples_.empty())
    add(samples_, others.samples_);
  else
    samples_.clear();
  if (!non_finite_.empty() || !others.non_finite_.empty()) {
    non_finite_.resize(before, 0);
    if (others.non_finite_.empty())
      non_finite_.resize(before + count, 0);
    else
      non_finite_.insert(non_finite_.end(), others.non_finite_.begin() + static_cast<std::ptrdiff_t>(first),
                         others.non_finite_.begin() + static_cast<std::ptrdiff_t>(end));
  }
  for (const auto& values : {minimum(), maximum(), last(), line()}) extent_.take(values.subspan(before, count));
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
