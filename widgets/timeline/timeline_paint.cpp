#include "widgets/timeline/timeline_paint.h"

#include <QPainter>

namespace athanor::widgets {
namespace {

constexpr double kPatternFrom = 5;  // pixels of width from which on a pattern can be seen
constexpr double kPale = 0.55;      // of the surface in what was expected

QColor fill_of(const TimelineKind& kind, bool pale) {
  const Theme& theme = current_theme();
  const QColor colour = theme.series(kind.colour);
  const QColor surface = theme.color(Role::surface);
  const QColor fill = kind.pattern == BarPattern::hollow ? mix(colour, surface, 0.82) : colour;
  return pale ? mix(fill, surface, kPale) : fill;
}

Qt::BrushStyle style_of(BarPattern pattern) {
  switch (pattern) {
    case BarPattern::rising: return Qt::BDiagPattern;
    case BarPattern::falling: return Qt::FDiagPattern;
    case BarPattern::dotted: return Qt::Dense6Pattern;
    default: return Qt::NoBrush;
  }
}

}  // namespace

void paint_bar(QPainter& painter, const QRectF& box, const TimelineKind& kind, bool pale) {
  const Theme& theme = current_theme();
  const QColor fill = fill_of(kind, pale);
  painter.fillRect(box, fill);
  if (box.width() < kPatternFrom) return;
  if (kind.pattern == BarPattern::hollow) {
    const QColor edge = mix(theme.series(kind.colour), theme.color(Role::surface), pale ? kPale : 0.15);
    painter.setPen(QPen(edge, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5));
    return;
  }
  const Qt::BrushStyle style = style_of(kind.pattern);
  if (style == Qt::NoBrush) return;
  painter.fillRect(box, QBrush(mix(fill, theme.color(Role::surface), 0.4), style));
}

QColor bar_text_colour(const TimelineKind& kind, bool pale) {
  const Theme& theme = current_theme();
  if (kind.pattern == BarPattern::hollow) return theme.color(Role::text);
  const QColor fill = fill_of(kind, pale);
  return fill.lightnessF() > 0.6F ? QColor(Qt::black) : QColor(Qt::white);
}

}  // namespace athanor::widgets
