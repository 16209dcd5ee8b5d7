#include "widgets/tables/cell_delegates.h"

#include "widgets/common/numbers.h"
#include "widgets/parts/text_paint.h"
#include "widgets/plot/sparkline.h"

#include <QPainter>

#include <algorithm>
#include <vector>

namespace athanor::widgets {
namespace {

constexpr int kPad = 10;

QColor text_color(const QModelIndex& index) {
  const Theme& theme = current_theme();
  const QVariant tone = index.data(tone_role);
  return theme.color(tone.isValid() ? static_cast<Role>(tone.toInt()) : Role::text);
}

}  // namespace

void paint_cell_background(QPainter& painter, const QStyleOptionViewItem& option, const QModelIndex&) {
  const Theme& theme = current_theme();
  if (option.state & QStyle::State_Selected)
    painter.fillRect(option.rect, theme.color(Role::accent_soft));
  else if (option.state & QStyle::State_MouseOver)
    painter.fillRect(option.rect, mix(theme.color(Role::surface), theme.color(Role::raised), 0.7));
  painter.setPen(QPen(theme.color(Role::grid), 1));
  painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight());
}

void TextCell::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  painter->save();
  paint_cell_background(*painter, option, index);
  QRect box = option.rect.adjusted(kPad, 0, -kPad, 0);
  const QColor color = text_color(index);
  const QVariant glyph = index.data(glyph_role);
  if (glyph.isValid()) {
    paint_glyph(*painter, QRectF(box.left(), box.center().y() - 7, 15, 15), static_cast<Glyph>(glyph.toInt()), color);
    box.setLeft(box.left() + 23);
  }
  const QString text = index.data(Qt::DisplayRole).toString();
  painter->setFont(index.data(Qt::FontRole).isValid() ? index.data(Qt::FontRole).value<QFont>().resolve(option.font)
                                                      : option.font);
  painter->setPen(color);
  paint_elided(*painter, box, Qt::AlignLeft | Qt::AlignVCenter, text);
  const QString detail = index.data(detail_role).toString();
  if (!detail.isEmpty()) {
    const int used = painter->fontMetrics().horizontalAdvance(text) + 12;
    painter->setPen(current_theme().color(Role::muted));
    // Whole or not at all.
    if (box.width() - used >= painter->fontMetrics().horizontalAdvance(detail))
      painter->drawText(box.adjusted(used, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, detail);
  }
  painter->restore();
}

QSize TextCell::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  return {option.fontMetrics.horizontalAdvance(index.data().toString()) + 2 * kPad, option.fontMetrics.height() + 8};
}

QSize NumberCell::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const QFontMetrics metrics(tabular_font(option.font));
  return {metrics.horizontalAdvance(index.data().toString()) + 2 * kPad + 2, metrics.height() + 8};
}

void NumberCell::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  painter->save();
  paint_cell_background(*painter, option, index);
  painter->setFont(tabular_font(option.font));
  painter->setPen(text_color(index));
  paint_elided(*painter, option.rect.adjusted(kPad, 0, -kPad, 0), Qt::AlignRight | Qt::AlignVCenter,
               index.data().toString());
  painter->restore();
}

void ProgressCell::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const Theme& theme = current_theme();
  painter->save();
  paint_cell_background(*painter, option, index);
  const QRect box = option.rect.adjusted(kPad, 0, -kPad, 0);
  const QVariant share = index.data(progress_role);
  painter->setFont(tabular_font(option.font));
  painter->setPen(text_color(index));
  paint_elided(*painter, share.isValid() ? box.adjusted(0, 0, 0, -7) : box, Qt::AlignRight | Qt::AlignVCenter,
               index.data().toString());
  if (share.isValid()) {
    const QRectF track(box.left(), box.bottom() - 9, box.width(), 3);
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(theme.color(Role::border));
    painter->drawRoundedRect(track, 1.5, 1.5);
    painter->setBrush(theme.color(Role::accent));
    const double done = std::clamp(share.toDouble(), 0.0, 1.0);
    // The first step is seen, too.
    if (done > 0)
      painter->drawRoundedRect(QRectF(track.left(), track.top(), std::max(4.0, track.width() * done), 3), 1.5, 1.5);
  }
  painter->restore();
}

void CurveCell::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  painter->save();
  paint_cell_background(*painter, option, index);
  const auto values = index.data(curve_role).value<QList<double>>();
  if (!values.isEmpty())
    paint_sparkline(*painter, std::vector<double>(values.begin(), values.end()),
                    option.rect.adjusted(kPad, 5, -kPad, -6), current_theme().series(0));
  painter->restore();
}

void ChipsCell::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const Theme& theme = current_theme();
  painter->save();
  paint_cell_background(*painter, option, index);
  painter->setRenderHint(QPainter::Antialiasing);
  painter->setFont(scaled(option.font, 0.88));
  QRect box = option.rect.adjusted(kPad, 0, -kPad, 0);
  for (const QString& chip : index.data(chips_role).toStringList()) {
    const int width = painter->fontMetrics().horizontalAdvance(chip) + 14;
    if (width > box.width()) {
      painter->setPen(theme.color(Role::muted));
      painter->drawText(box, Qt::AlignLeft | Qt::AlignVCenter, QStringLiteral("…"));
      break;
    }
    const QRectF pill(box.left(), box.center().y() - 9, width, 19);
    painter->setPen(QPen(theme.color(Role::border), 1));
    painter->setBrush(theme.color(Role::raised));
    painter->drawRoundedRect(pill.adjusted(0.5, 0.5, -0.5, -0.5), 9, 9);
    painter->setPen(theme.color(Role::text));
    painter->drawText(pill, Qt::AlignCenter, chip);
    box.setLeft(box.left() + width + 4);
  }
  painter->restore();
}

}  // namespace athanor::widgets
