#include "widgets/plot/stacked_bar.h"

#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QEvent>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace athanor::widgets {
namespace {
constexpr int kBar = 16;
constexpr int kRow = 22;
}  // namespace

std::vector<BarPart> plan_bar(const std::vector<BarShare>& shares, double whole, double width) {
  double sum = 0;
  for (const BarShare& share : shares) sum += std::max(0.0, share.amount);
  const double scale = std::max(sum, whole) > 0 ? width / std::max(sum, whole) : 0;
  std::vector<BarPart> parts;
  double left = 0;
  for (const BarShare& share : shares) {
    const double part = std::max(0.0, share.amount) * scale;
    parts.push_back({left, part});
    left += part;
  }
  return parts;
}

StackedBar::StackedBar(QWidget* parent) : QWidget(parent) { setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed); }

void StackedBar::set_shares(std::vector<BarShare> shares, double whole) {
  shares_ = std::move(shares);
  whole_ = whole;
  QStringList words;
  for (const BarShare& share : shares_) words << share.label + u' ' + share.amount_text;
  setAccessibleDescription(words.join(QStringLiteral(", ")));
  updateGeometry();
  update();
}

int StackedBar::legend_rows() const { return static_cast<int>(shares_.size()); }
QSize StackedBar::sizeHint() const { return {240, kBar + 8 + kRow * legend_rows()}; }
QSize StackedBar::minimumSizeHint() const { return {160, sizeHint().height()}; }

void StackedBar::paintEvent(QPaintEvent*) {
  const Theme& theme = current_theme();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const QRectF bar(0, 0, width(), kBar);
  QPainterPath clip;
  clip.addRoundedRect(bar, 4, 4);
  painter.save();
  painter.setClipPath(clip);
  painter.fillRect(bar, theme.color(Role::raised));
  const std::vector<BarPart> parts = plan_bar(shares_, whole_, width());
  for (std::size_t i = 0; i < parts.size(); ++i)
    painter.fillRect(QRectF(parts[i].left, 0, std::max(0.0, parts[i].width - (parts[i].width > 3 ? 1 : 0)), kBar),
                     theme.series(static_cast<int>(i)));
  painter.restore();
  painter.setFont(tabular_font(scaled(font(), 0.92)));
  for (std::size_t i = 0; i < shares_.size(); ++i) {
    const QRectF row(0, kBar + 8 + kRow * static_cast<int>(i), width(), kRow);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.series(static_cast<int>(i)));
    painter.drawRoundedRect(QRectF(row.left(), row.center().y() - 4, 8, 8), 2, 2);
    painter.setPen(theme.color(Role::text));
    painter.drawText(row.adjusted(16, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, shares_[i].label);
    painter.setPen(theme.color(Role::muted));
    painter.drawText(row, Qt::AlignRight | Qt::AlignVCenter, shares_[i].amount_text);
  }
}

void StackedBar::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) update();
}

}  // namespace athanor::widgets
