// The numbers of one curve, made once and then shared unchanged: between plots, and with the thread that rasters them.
// Laid out by kind, and only what differs from column to column is kept. Pure values; any thread once filled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace athanor::widgets {

// What x means. `time` counts seconds since the run began, `wall_time` those since 1970.
enum class XAxis { step, samples, time, wall_time };

// Some samples in a row. A lonely sample is a column, too.
struct CurveColumn {
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

  double step = 0;            // of its last sample
  double seconds = 0;         // likewise, since the run began
  double minimum = kUnknown;  // exact, of its finite samples; NaN: there are none
  double maximum = kUnknown;
  double last = kUnknown;
  double line = kUnknown;        // what the line goes through: `last`, or smoothed
  std::uint32_t non_finite = 0;  // samples that are NaN or infinite
  double samples = kUnknown;     // of the data, seen by then; unless all columns know, none does
};

// Least and greatest finite value; `least > greatest` where there is none.
struct ValueExtent {
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();
  double least_positive = std::numeric_limits<double>::infinity();

  void take(double value);
  void take(std::span<const double> values);
  void take(const ValueExtent& other);
  [[nodiscard]] bool is_empty() const { return least > greatest; }
};

class CurveColumns {
 public:
  void reserve(std::size_t count);
  // By rising step.
  void append(const CurveColumn& column);
  // Columns [first, end) of others.
  void append(const CurveColumns& others, std::size_t first, std::size_t end);

  [[nodiscard]] std::size_t size() const { return step_.size(); }
  [[nodiscard]] bool empty() const { return step_.empty(); }
  [[nodiscard]] CurveColumn operator[](std::size_t index) const;
  [[nodiscard]] CurveColumn front() const { return (*this)[0]; }
  [[nodiscard]] CurveColumn back() const { return (*this)[size() - 1]; }

  // Of `wall_time` those of `time`, to which Curve::began is added; empty: not known.
  [[nodiscard]] std::span<const double> x(XAxis axis) const;
  [[nodiscard]] std::span<const double> minimum() const { return minimum_.empty() ? last_ : minimum_; }
  [[nodiscard]] std::span<const double> maximum() const { return maximum_.empty() ? last_ : maximum_; }
  [[nodiscard]] std::span<const double> last() const { return last_; }
  [[nodiscard]] std::span<const double> line() const { return line_.empty() ? last_ : line_; }
  [[nodiscard]] std::span<const std::uint32_t> non_finite() const { return non_finite_; }  // empty: all are finite
  // Whether some column spans more than its last sample, and whether the line leaves the last samples.
  [[nodiscard]] bool has_band() const { return !minimum_.empty(); }
  [[nodiscard]] bool has_own_line() const { return !line_.empty(); }
  [[nodiscard]] const ValueExtent& extent() const { return extent_; }

 private:
  void keep_band(std::size_t before);  // of that many columns, for those that will differ
  void keep_line(std::size_t before);
  std::vector<double> step_, seconds_, samples_, minimum_, maximum_, last_, line_;
  std::vector<std::uint32_t> non_finite_;
  ValueExtent extent_;
};

using SharedColumns = std::shared_ptr<const CurveColumns>;

[[nodiscard]] SharedColumns share(CurveColumns columns);

}  // namespace athanor::widgets
