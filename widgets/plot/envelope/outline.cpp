#include "widgets/plot/envelope/outline.h"

#include <algorithm>
#include <cmath>

namespace athanor::widgets {
namespace {

constexpr std::size_t kBanded = 24;  // so many curves have room for their bands
constexpr double kFinest = 0.1, kCoarsest = 200;
constexpr double kBeyond = 50;  // pixels that a band may leave the frame by

double on_grid(double pixel) { return std::round(pixel / kOutlineGrid) * kOutlineGrid; }

// The data columns of a curve in view with a neighbour on either side, as points.
class Sampler {
 public:
  Sampler(const Curve& curve, const Frame& frame)
      : curve_(*curve.columns),
        at_(x_of(curve, frame.axis)),
        x_(frame.x_map()),
        y_(frame.y_map()),
        bottom_(frame.height * frame.scale + kBeyond) {
    const auto begin = at_.values.begin();
    const auto low = std::lower_bound(begin, at_.values.end(), frame.x.first - at_.offset);
    const auto high = std::upper_bound(low, at_.values.end(), frame.x.second - at_.offset);
    first_ = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, low - begin - 1));
    end_ = std::min(at_.values.size(), static_cast<std::size_t>(high - begin) + 1);
  }

  // Pieces of consecutive points that can be shown; each gets (x, y) pairs from `values`.
  [[nodiscard]] std::vector<QPolygonF> pieces(std::span<const double> values, bool floored) const {
    std::vector<QPolygonF> out;
    bool going_on = false;
    for (std::size_t i = first_; i < end_; ++i) {
      const bool shown = x_.shows(at_[i]) && (y_.shows(values[i]) || (floored && std::isfinite(values[i])));
      if (shown && !going_on) out.emplace_back();
      if (shown) out.back().append({x_.pixel(at_[i]) - 0.5, y_.shows(values[i]) ? y_.pixel(values[i]) - 0.5 : bottom_});
      going_on = shown;
    }
    return out;
  }
  [[nodiscard]] const CurveColumns& columns() const { return curve_; }

 private:
  const CurveColumns& curve_;
  CurveX at_;
  AxisMap x_, y_;
  double bottom_;
  std::size_t first_ = 0, end_ = 0;
};

QPolygonF rounded(QPolygonF points) {
  for (QPointF& point : points) point = {on_grid(point.x()), on_grid(point.y())};
  return points;
}

QPolygonF band_of(const QPolygonF& top, const QPolygonF& bottom, double tolerance) {
  QPolygonF out = rounded(thinned(top, tolerance));
  const QPolygonF below = rounded(thinned(bottom, tolerance));
  for (auto point = below.rbegin(); point != below.rend(); ++point) out.append(*point);
  return out;
}

}  // namespace

std::size_t Outline::points() const {
  qsizetype out = 0;
  for (const auto* polygons : {&lines, &bands})
    for (const QPolygonF& polygon : *polygons) out += polygon.size();
  return static_cast<std::size_t>(out);
}

// From the last point kept, all slopes are open that pass every point since within the tolerance; a point that no open
// slope leads to keeps the one before it.
QPolygonF thinned(const QPolygonF& points, double tolerance) {
  if (points.size() < 3) return points;
  QPolygonF out{points.first()};
  double least = -HUGE_VAL, greatest = HUGE_VAL;
  for (qsizetype i = 1; i < points.size(); ++i) {
    const auto slope = [&](double shift) {
      const double width = points[i].x() - out.back().x();
      const double height = points[i].y() + shift - out.back().y();
      return width > 0 ? height / width : std::copysign(HUGE_VAL, height);
    };
    const double wanted = slope(0);
    if (wanted < least || wanted > greatest) {
      out.append(points[i - 1]);
      least = -HUGE_VAL;
      greatest = HUGE_VAL;
    }
    least = std::max(least, slope(-tolerance));
    greatest = std::min(greatest, slope(tolerance));
  }
  out.append(points.last());
  return out;
}

Outline outline(const Curve& curve, const Frame& frame, bool band, double tolerance) {
  Outline out;
  if (!curve.is_shown() || x_of(curve, frame.axis).values.empty()) return out;
  const Sampler sampler(curve, frame);
  const CurveColumns& columns = sampler.columns();
  for (const QPolygonF& piece : sampler.pieces(columns.line(), false))
    out.lines.push_back(rounded(thinned(piece, tolerance)));
  if (!band || !columns.has_band()) return out;
  // Where the upper edge can be shown the lower can, too: at the bottom if nowhere else.
  const auto tops = sampler.pieces(columns.maximum(), true);
  const auto bottoms = sampler.pieces(columns.minimum(), true);
  for (std::size_t i = 0; i < std::min(tops.size(), bottoms.size()); ++i)
    out.bands.push_back(band_of(tops[i], bottoms[i], tolerance));
  return out;
}

std::vector<Outline> outlines(const std::vector<Curve>& curves, const Frame& frame, std::size_t most) {
  const auto shown =
      static_cast<std::size_t>(std::ranges::count_if(curves, [](const Curve& curve) { return curve.is_shown(); }));
  std::vector<Outline> out;
  for (double tolerance = kFinest; tolerance < kCoarsest; tolerance *= 2) {
    out.clear();
    std::size_t points = 0;
    for (const Curve& curve : curves) {
      const bool band = shown <= kBanded && curve.emphasis != Emphasis::faded;
      out.push_back(outline(curve, frame, band, tolerance));
      points += out.back().points();
    }
    if (points <= most) break;
  }
  return out;
}

}  // namespace athanor::widgets
