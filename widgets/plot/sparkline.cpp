#include "widgets/plot/sparkline.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>
#include <limits>

namespace athanor::widgets {

QPolygonF sparkline_points(const std::vector<double>& values, const QRectF& box) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const double value : values)
    if (std::isfinite(value)) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  QPolygonF points;
  if (low > high) return points;
  const double step = values.size() > 1 ? box.width() / static_cast<double>(values.size() - 1) : 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    const double share = high > low ? (values[i] - low) / (high - low) : 0.5;
    points << QPointF(box.left() + step * static_cast<double>(i), box.bottom() - share * box.height());
  }
  return points;
}

void paint_sparkline(QPainter& painter, const std::vector<double>& values, const QRectF& box, const QColor& color) {
  const QPolygonF points = sparkline_points(values, box.adjusted(2, 2, -3, -2));
  if (points.isEmpty()) return;
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  QPainterPath area;
  area.addPolygon(points);
  area.lineTo(points.last().x(), box.bottom());
  area.lineTo(points.first().x(), box.bottom());
  QColor tint = color;
  tint.setAlphaF(0.10F);
  painter.fillPath(area, tint);
  painter.setPen(QPen(color, 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  painter.drawPolyline(points);
  painter.setPen(Qt::NoPen);
  painter.setBrush(color);
  painter.drawEllipse(points.last(), 2, 2);
  painter.restore();
}

}  // namespace athanor::widgets
