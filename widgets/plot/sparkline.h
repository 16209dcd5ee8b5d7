// A curve without axes for table cells. The geometry is pure; painting takes any painter.
#pragma once

#include <QColor>
#include <QPolygonF>
#include <QRectF>

#include <vector>

class QPainter;

namespace athanor::widgets {

// One point per finite value, spread over the width of the box; the smallest value lies at the bottom. A flat curve
// runs through the middle. Fewer than one finite value: empty.
[[nodiscard]] QPolygonF sparkline_points(const std::vector<double>& values, const QRectF& box);
void paint_sparkline(QPainter& painter, const std::vector<double>& values, const QRectF& box, const QColor& color);

}  // namespace athanor::widgets
