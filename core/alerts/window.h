// The newest points of a metric, oldest first. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace athanor::alerts {

struct Point {
  std::int64_t step = 0;
  double value = 0;
};

class Window {
 public:
  explicit Window(int capacity) : capacity_(static_cast<std::size_t>(capacity)) {}

  void add(const Point& point);
  // Steps from this one on are taken again.
  void cut(std::int64_t step);
  [[nodiscard]] const std::deque<Point>& points() const { return points_; }
  [[nodiscard]] bool is_full() const { return points_.size() >= capacity_; }

  // Of the finite ones; empty: there is none.
  [[nodiscard]] std::optional<double> median() const;
  [[nodiscard]] double spread(double median) const;  // usual distance from it: 1.4826 × the median distance
  // Of `count` points from `first` on.
  [[nodiscard]] std::optional<double> mean(std::size_t first, std::size_t count) const;

 private:
  std::size_t capacity_;
  std::deque<Point> points_;
};

}  // namespace athanor::alerts
