#include "widgets/timeline/timeline_paint.h"

#include <QPainter>

namespace athanor::widgets {
namespace {

constexpr int kPatternFrom = 5;  // pixels of width from which on a pattern can be seen
constexpr double kPale = 0.55;   // of the surface in what was expected

Qt::BrushStyle style_of(BarPattern pattern) {
  switch (pattern) {
    case BarPattern::rising: return Qt::BDiagPattern;
    case BarPattern::falling: return Qt::FDiagPattern;
    case BarPattern::dotted: return Qt::Dense6Pattern;
    default: return Qt::NoBrush;
  }
}

}  // namespace

BarBrush::BarBrush(const TimelineKind& kind, bool pale) {
  const Theme& theme = current_theme();
  const QColor colour = theme.series(kind.colour);
  const QColor surface = theme.color(Role::surface);
  const bool is_hollow = kind.pattern == BarPattern::hollow;
  const QColor full = is_hollow ? mix(colour, surface, 0.82) : colour;
  fill_ = pale ? mix(full, surface, kPale) : full;
  if (is_hollow) {
    edge_ = mix(colour, surface, pale ? kPale : 0.15);
    text_ = theme.color(Role::text);
    return;
  }
  text_ = fill_.lightnessF() > 0.6F ? QColor(Qt::black) : QColor(Qt::white);
  pattern_ = QBrush(mix(fill_, surface, 0.4), style_of(kind.pattern));
}

void BarBrush::paint(QPainter& painter, const QRect& box) const {
  painter.fillRect(box, fill_);
  if (box.width() < kPatternFrom) return;
  if (edge_.isValid()) {
    painter.setPen(edge_);
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(box.adjusted(0, 0, -1, -1));
  } else if (has_pattern()) {
    painter.fillRect(box, pattern_);
  }
}

void BarBrush::paint_plain(QPainter& painter, const QRect& box) const { painter.fillRect(box, fill_); }

void paint_unknown(QPainter& painter, const QRect& box, double share) {
  const Theme& theme = current_theme();
  painter.fillRect(box, mix(theme.color(Role::grid), theme.color(Role::surface), share));
  painter.fillRect(box,
                   QBrush(mix(theme.color(Role::surface), theme.color(Role::faint), 0.6 * share), Qt::Dense7Pattern));
}

}  // namespace athanor::widgets
