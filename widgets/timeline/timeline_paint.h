// How bars look: the one place where kinds become brushes. GUI thread only.
#pragma once

#include "widgets/timeline/timeline_values.h"

#include <QRectF>

class QPainter;

namespace athanor::widgets {

// A bar of this kind; `pale`: what was expected.
void paint_bar(QPainter& painter, const QRectF& box, const TimelineKind& kind, bool pale);
// Upon a bar.
[[nodiscard]] QColor bar_text_colour(const TimelineKind& kind, bool pale);

}  // namespace athanor::widgets
