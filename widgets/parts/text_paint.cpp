#include "widgets/parts/text_paint.h"

#include "widgets/common/theme.h"

#include <QPainter>

namespace athanor::widgets {
namespace {
const QString kBetweenParts = QStringLiteral("  ·  ");
}

void paint_elided(QPainter& painter, const QRectF& box, Qt::Alignment alignment, const QString& text) {
  const QString shown = painter.fontMetrics().elidedText(text, Qt::ElideRight, static_cast<int>(box.width()));
  painter.drawText(box, static_cast<int>(alignment) | Qt::TextSingleLine, shown);
}

void paint_card(QPainter& painter, const QRectF& box, const QColor& fill, const QColor& frame, double radius,
                double line) {
  if (line <= 0) line = current_theme().hairline();
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(frame, line));
  painter.setBrush(fill);
  painter.drawRoundedRect(box.adjusted(line / 2, line / 2, -line / 2, -line / 2), radius, radius);
  painter.restore();
}

QFont scaled(const QFont& font, double factor, QFont::Weight weight) {
  QFont out = font;
  if (out.pointSizeF() > 0)
    out.setPointSizeF(out.pointSizeF() * factor);
  else
    out.setPixelSize(std::max(1, static_cast<int>(out.pixelSize() * factor)));
  out.setWeight(weight);
  return out;
}

ElidedLabel::ElidedLabel(QWidget* parent) : QLabel(parent) { setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed); }

void ElidedLabel::set_parts(const QStringList& parts) {
  parts_ = parts;
  setText(parts_.join(kBetweenParts));
  setToolTip(text());
}

QSize ElidedLabel::minimumSizeHint() const { return {0, QLabel::minimumSizeHint().height()}; }

void ElidedLabel::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setPen(palette().color(foregroundRole()));
  QStringList shown = parts_;
  while (shown.size() > 1 && fontMetrics().horizontalAdvance(shown.join(kBetweenParts)) > contentsRect().width())
    shown.removeLast();
  paint_elided(painter, contentsRect(), alignment(), shown.join(kBetweenParts));
}

}  // namespace athanor::widgets
