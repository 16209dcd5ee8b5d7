// Curves as vectors for documents: polylines and bands whose points are left out where that moves no part of them by
// more than so many pixels. Pure; any thread.
#pragma once

#include "widgets/plot/envelope/look.h"

#include <QPointF>
#include <QPolygonF>

#include <vector>

namespace athanor::widgets {

struct Outline {
  std::vector<QPolygonF> lines;  // a piece each, broken where nothing is to be drawn; of one point: a lonely sample
  std::vector<QPolygonF> bands;  // closed

  [[nodiscard]] std::size_t points() const;
};

// Points by rising x without those that no straight line between kept neighbours leaves by more than `tolerance`, up or
// down. The first and the last are kept.
[[nodiscard]] QPolygonF thinned(const QPolygonF& points, double tolerance);

// In pixels from the corner of the frame's rectangle, rounded to `kOutlineGrid`; what lies outside in x is left out but
// for the neighbours that lines lead to.
inline constexpr double kOutlineGrid = 0.1;
[[nodiscard]] Outline outline(const Curve& curve, const Frame& frame, bool band, double tolerance);

// All curves with the least tolerance, from a tenth of a pixel on by doubling, at which they have no more than `most`
// points together. Bands only while there are few curves.
[[nodiscard]] std::vector<Outline> outlines(const std::vector<Curve>& curves, const Frame& frame, std::size_t most);

}  // namespace athanor::widgets
