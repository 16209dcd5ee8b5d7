#include "core/alerts/window.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace athanor::alerts {
namespace {

// The middle of an odd number of them, else the mean of both in the middle.
double middle(std::vector<double>& values) {
  const std::size_t half = values.size() / 2;
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(half));
  const double upper = values[half];
  if (values.size() % 2 == 1) return upper;
  const double lower = *std::max_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(half));
  return lower + (upper - lower) / 2;
}

}  // namespace

void Window::add(const Point& point) {
  points_.push_back(point);
  if (points_.size() > capacity_) points_.pop_front();
}

void Window::cut(std::int64_t step) {
  std::erase_if(points_, [step](const Point& point) { return point.step >= step; });
}

std::optional<double> Window::median() const {
  std::vector<double> values;
  for (const Point& point : points_)
    if (std::isfinite(point.value)) values.push_back(point.value);
  return values.empty() ? std::nullopt : std::optional(middle(values));
}

double Window::spread(double median) const {
  constexpr double kOfNormal = 1.4826;
  std::vector<double> distances;
  for (const Point& point : points_)
    if (std::isfinite(point.value)) distances.push_back(std::abs(point.value - median));
  return distances.empty() ? 0 : kOfNormal * middle(distances);
}

std::optional<double> Window::mean(std::size_t first, std::size_t count) const {
  double sum = 0;
  std::size_t finite = 0;
  for (std::size_t i = first; i < first + count && i < points_.size(); ++i) {
    if (!std::isfinite(points_[i].value)) continue;
    sum += points_[i].value;
    ++finite;
  }
  return finite == 0 ? std::nullopt : std::optional(sum / static_cast<double>(finite));
}

}  // namespace athanor::alerts
