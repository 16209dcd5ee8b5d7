#include "widgets/feedback/busy_chip.h"

#include "widgets/parts/text_paint.h"

#include <QPainter>
#include <QTimer>

namespace athanor::widgets {

BusyChip::BusyChip(QWidget* parent) : QWidget(parent) {
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
  timer_ = new QTimer(this);
  timer_->setInterval(80);
  connect(timer_, &QTimer::timeout, this, [this] {
    turn_ = (turn_ + 30) % 360;
    update();
  });
}

void BusyChip::set_state(const QString& text, Role tone, std::optional<Glyph> glyph, bool busy) {
  if (text == text_ && tone == tone_ && glyph == glyph_ && busy == busy_) return;
  text_ = text;
  tone_ = tone;
  glyph_ = glyph;
  busy_ = busy;
  setAccessibleName(text);
  if (busy_ && !glyph_ && isVisible())
    timer_->start();
  else
    timer_->stop();
  updateGeometry();
  update();
}

QSize BusyChip::sizeHint() const {
  const QFontMetrics metrics(scaled(font(), 0.9, QFont::Medium));
  return {metrics.horizontalAdvance(text_) + 36, 24};
}

void BusyChip::paintEvent(QPaintEvent*) {
  const Theme& theme = current_theme();
  const QColor tone = theme.color(tone_);
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  // Seen on every ground it may stand on: a tint of its tone with a hairline around it.
  const bool strong = theme.is_high_contrast();
  const double tint = strong ? 0 : theme.is_dark() ? 0.20 : 0.12;
  const double line = strong ? 1 : theme.is_dark() ? 0.45 : 0.40;
  paint_card(painter, rect(), mix(theme.color(Role::surface), tone, tint), mix(theme.color(Role::surface), tone, line),
             height() / 2.0);
  const QRectF mark(9, height() / 2.0 - 7, 14, 14);
  if (glyph_) {
    paint_glyph(painter, mark, *glyph_, tone);
  } else {
    painter.setPen(QPen(tone, 2, Qt::SolidLine, Qt::RoundCap));
    painter.setBrush(Qt::NoBrush);
    painter.drawArc(mark.adjusted(2, 2, -2, -2), -turn_ * 16, 270 * 16);
  }
  painter.setFont(scaled(font(), 0.9, QFont::Medium));
  painter.setPen(mix(theme.color(Role::text), tone, 0.6));
  painter.drawText(rect().adjusted(27, 0, -8, 0), Qt::AlignVCenter | Qt::AlignLeft, text_);
}

void BusyChip::showEvent(QShowEvent*) {
  if (busy_ && !glyph_) timer_->start();
}

void BusyChip::hideEvent(QHideEvent*) { timer_->stop(); }

}  // namespace athanor::widgets
