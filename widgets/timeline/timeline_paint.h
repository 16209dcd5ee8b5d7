// How bars look: the one place where kinds become colours and patterns. GUI thread only.
#pragma once

#include "widgets/timeline/timeline_values.h"

#include <QBrush>
#include <QColor>
#include <QRect>

class QPainter;

namespace athanor::widgets {

// Bars of one kind, worked out once for many of them; `pale`: what was expected. Made anew when the theme changes.
class BarBrush {
 public:
  BarBrush(const TimelineKind& kind, bool pale);
  void paint(QPainter& painter, const QRect& box) const;
  // Behind a text, which a pattern would make hard to read.
  void paint_plain(QPainter& painter, const QRect& box) const;
  [[nodiscard]] QColor text_colour() const { return text_; }
  [[nodiscard]] QColor fill() const { return fill_; }
  [[nodiscard]] bool has_pattern() const { return pattern_.style() != Qt::NoBrush; }

 private:
  QColor fill_, edge_, text_;  // without an edge: not valid
  QBrush pattern_;
};

// Where nothing is known, or of a share of that time.
void paint_unknown(QPainter& painter, const QRect& box, double share);

}  // namespace athanor::widgets
