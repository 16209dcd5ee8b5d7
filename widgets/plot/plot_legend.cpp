#include "widgets/plot/plot_legend.h"

#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QCoreApplication>
#include <QFontMetrics>
#include <QPainter>

#include <algorithm>

namespace athanor::widgets {
namespace {

constexpr int kDash = 19;     // before a name, with the gap
constexpr double kLine = 14;  // of it, the piece of line: long enough for its dashes to be seen
constexpr int kBetween = 2 * kGrid;
constexpr std::size_t kMostBeside = 2;

struct LegendWords {
  Q_DECLARE_TR_FUNCTIONS(athanor::widgets::PlotLegend)
};

QFont beside_font(const QFont& font) { return tabular_font(scaled(font, 0.95)); }
QFont below_font(const QFont& font) { return tabular_font(scaled(font, 0.86)); }

QString named(const LegendEntry& entry) { return entry.label.isEmpty() ? QString() : entry.label + u'\u2002'; }

// A value alone belongs to the only curve there is.
int dash_of(const LegendEntry& entry) { return entry.label.isEmpty() ? 0 : kDash; }

int width_of(const LegendEntry& entry, const QFontMetrics& metrics) {
  return dash_of(entry) + metrics.horizontalAdvance(named(entry)) + metrics.horizontalAdvance(entry.value) + 2;
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

void paint_line(QPainter& painter, const LineLook& look, bool current, const QPointF& from) {
  QColor colour = look.colour;
  colour.setAlphaF(std::max(0.5F, colour.alphaF()));
  const double width = std::max(2.0, look.width + 0.6) + (current ? 1.5 : 0.0);
  QPen pen(colour, width, Qt::SolidLine, Qt::FlatCap);
  if (const auto lengths = dash_lengths(look.dash); !lengths.empty()) {
    QList<qreal> pattern;
    for (const double length : lengths) pattern << length * 0.75 / width;
    pen.setDashPattern(pattern);
  }
  painter.setPen(pen);
  painter.drawLine(from, from + QPointF(kLine, 0));
}

void paint_entry(QPainter& painter, const LegendEntry& entry, const QPoint& at, const Theme& theme) {
  painter.setRenderHint(QPainter::Antialiasing);
  if (dash_of(entry) > 0) paint_line(painter, entry.look, entry.current, QPointF(at) + QPointF(0, 0.5));
  const int label_width = painter.fontMetrics().horizontalAdvance(named(entry));
  const int value_width = painter.fontMetrics().horizontalAdvance(entry.value);
  const QRect label(at.x() + dash_of(entry), at.y() - kLegendRow / 2, label_width + 2, kLegendRow);
  painter.setPen(theme.color(entry.current ? Role::text : Role::muted));
  painter.drawText(label, Qt::AlignVCenter | Qt::AlignLeft, entry.label);
  painter.setPen(theme.color(Role::text));
  painter.drawText(QRect(label.left() + label_width, label.top(), value_width + 2, kLegendRow),
                   Qt::AlignVCenter | Qt::AlignLeft, entry.value);
}

void paint_from_right(QPainter& painter, const std::vector<LegendEntry>& entries, const QRect& box,
                      const Theme& theme) {
  int right = box.right();
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    right -= width_of(*entry, painter.fontMetrics());
    paint_entry(painter, *entry, {right, box.center().y()}, theme);
    right -= kBetween;
  }
}

}  // namespace

QString more_text(std::size_t count) { return LegendWords::tr("%n more", nullptr, static_cast<int>(count)); }

void PlotLegend::set_entries(std::vector<LegendEntry> entries, std::size_t all, std::size_t whole, int lines) {
  entries_ = std::move(entries);
  all_ = all;
  whole_ = whole;
  lines_ = lines;
}

bool PlotLegend::fits_beside(const QFont& font, int width) const {
  if (all_ > kMostBeside) return false;
  const QFontMetrics metrics(beside_font(font));
  int need = 0;
  for (const LegendEntry& entry : entries_) need += (need > 0 ? kBetween : 0) + width_of(entry, metrics);
  return need <= width;
}

int PlotLegend::lines_below(const QFont& font, int width) const {
  const Columns columns = columns_of(entries_, QFontMetrics(below_font(font)), width);
  const int places = static_cast<int>(entries_.size()) + (is_cut() ? 1 : 0);
  const int lines = (places + columns.count - 1) / columns.count;
  return is_cut() ? std::min(lines, lines_) : lines;
}

void PlotLegend::paint_beside(QPainter& painter, const QFont& font, const QRect& box, const Theme& theme) const {
  painter.setFont(beside_font(font));
  paint_from_right(painter, entries_, box, theme);
}

void PlotLegend::paint_below(QPainter& painter, const QFont& font, const QRect& first_line, const Theme& theme) const {
  painter.setFont(below_font(font));
  const QFontMetrics metrics = painter.fontMetrics();
  const int more_width = is_cut() ? metrics.horizontalAdvance(more_text(all_)) + 2 : 0;
  const Columns columns = columns_of(entries_, metrics, first_line.width() - (is_cut() ? more_width + kBetween : 0));
  const int given = static_cast<int>(entries_.size());
  const int count = is_cut() ? std::min(given, columns.count * lines_) : given;
  const auto place = [&](int i) {
    return QPoint(first_line.left() + i % columns.count * (columns.width + kBetween),
                  first_line.center().y() + i / columns.count * kLegendRow);
  };
  for (int i = 0; i < count; ++i) paint_entry(painter, entries_[static_cast<std::size_t>(i)], place(i), theme);
  if (!is_cut() || count == 0) return;
  painter.setPen(theme.color(Role::muted));
  const QPoint rest = place(count - 1) + QPoint(columns.width + kBetween, -kLegendRow / 2);
  painter.drawText(QRect(rest, QSize(more_width, kLegendRow)), Qt::AlignVCenter | Qt::AlignLeft,
                   more_text(all_ - static_cast<std::size_t>(count)));
}

void PlotLegend::paint_current(QPainter& painter, const QFont& font, const QRect& box, const Theme& theme) const {
  if (!current_ || !is_cut()) return;
  painter.setFont(beside_font(font));
  LegendEntry entry = *current_;
  entry.label = painter.fontMetrics().elidedText(
      entry.label, Qt::ElideMiddle,
      box.width() - kDash - kBetween - painter.fontMetrics().horizontalAdvance(entry.value));
  paint_from_right(painter, {entry}, box, theme);
}

}  // namespace athanor::widgets
