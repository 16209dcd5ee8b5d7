#include "widgets/plot/plot_legend.h"

#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QFontMetrics>
#include <QPainter>

#include <algorithm>

namespace athanor::widgets {
namespace {

constexpr int kDash = 14;  // before a name, with the gap
constexpr int kBetween = 2 * kGrid;
constexpr std::size_t kMostBeside = 2;

QFont beside_font(const QFont& font) { return tabular_font(scaled(font, 0.95)); }
QFont below_font(const QFont& font) { return tabular_font(scaled(font, 0.86)); }

QString named(const LegendEntry& entry) { return entry.label.isEmpty() ? QString() : entry.label + u'\u2002'; }

int width_of(const LegendEntry& entry, const QFontMetrics& metrics) {
  return kDash + metrics.horizontalAdvance(named(entry)) + metrics.horizontalAdvance(entry.value) + 2;
}

// Columns as wide as the widest entry, so that the values stand below each other.
struct Columns {
  int count = 1;
  int width = 1;
};

Columns columns_of(const std::vector<LegendEntry>& entries, const QFontMetrics& metrics, int width) {
  Columns out;
  for (const LegendEntry& entry : entries) out.width = std::max(out.width, width_of(entry, metrics));
  out.count = std::clamp((width + kBetween) / (out.width + kBetween), 1, std::max(1, static_cast<int>(entries.size())));
  return out;
}

void paint_entry(QPainter& painter, const LegendEntry& entry, const QPoint& at) {
  const Theme& theme = current_theme();
  painter.setPen(QPen(theme.series(entry.colour), 2.4, Theme::series_dash(entry.colour), Qt::RoundCap));
  painter.drawLine(at + QPoint(0, 1), at + QPoint(8, 1));
  const int label_width = painter.fontMetrics().horizontalAdvance(named(entry));
  const int value_width = painter.fontMetrics().horizontalAdvance(entry.value);
  const QRect label(at.x() + kDash, at.y() - kLegendRow / 2, label_width + 2, kLegendRow);
  painter.setPen(theme.color(Role::muted));
  painter.drawText(label, Qt::AlignVCenter | Qt::AlignLeft, entry.label);
  painter.setPen(theme.color(Role::text));
  painter.drawText(QRect(label.left() + label_width, label.top(), value_width + 2, kLegendRow),
                   Qt::AlignVCenter | Qt::AlignLeft, entry.value);
}

}  // namespace

bool PlotLegend::fits_beside(const QFont& font, int width) const {
  if (entries_.size() > kMostBeside) return false;
  const QFontMetrics metrics(beside_font(font));
  int need = 0;
  for (const LegendEntry& entry : entries_) need += (need > 0 ? kBetween : 0) + width_of(entry, metrics);
  return need <= width;
}

int PlotLegend::lines_below(const QFont& font, int width) const {
  const Columns columns = columns_of(entries_, QFontMetrics(below_font(font)), width);
  return (static_cast<int>(entries_.size()) + columns.count - 1) / columns.count;
}

void PlotLegend::paint_beside(QPainter& painter, const QFont& font, const QRect& box) const {
  painter.setFont(beside_font(font));
  int right = box.right();
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    right -= width_of(*entry, painter.fontMetrics());
    paint_entry(painter, *entry, {right, box.center().y()});
    right -= kBetween;
  }
}

void PlotLegend::paint_below(QPainter& painter, const QFont& font, const QRect& first_line) const {
  painter.setFont(below_font(font));
  const Columns columns = columns_of(entries_, painter.fontMetrics(), first_line.width());
  for (int i = 0; i < static_cast<int>(entries_.size()); ++i)
    paint_entry(painter, entries_[static_cast<std::size_t>(i)],
                {first_line.left() + i % columns.count * (columns.width + kBetween),
                 first_line.center().y() + i / columns.count * kLegendRow});
}

}  // namespace athanor::widgets
