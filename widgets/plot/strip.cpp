#include "widgets/plot/strip.h"

#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace athanor::widgets {

namespace {

// What counts as following closely: three times the usual distance of two samples.
double usual_reach(const std::vector<StripSample>& samples) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < samples.size(); ++i) steps.push_back(samples[i].seconds - samples[i - 1].seconds);
  if (steps.empty()) return 0;
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>((steps.size() - 1) / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return 3 * *middle;
}

}  // namespace

std::vector<StripBar> fold_strip(const std::vector<StripSample>& samples, double from, double to, int bars) {
  std::vector<StripBar> out(static_cast<std::size_t>(std::max(0, bars)));
  std::vector<int> counts(out.size());
  if (out.empty() || to <= from) return out;
  const double reach = usual_reach(samples);
  const StripSample* before = nullptr;
  std::size_t free = 0;  // the first bar after the sample before
  const auto bar_at = [&](double seconds) {
    return std::min(out.size() - 1, static_cast<std::size_t>((seconds - from) / (to - from) * bars));
  };
  for (const StripSample& sample : samples) {
    if (!std::isfinite(sample.value) || sample.value < 0 || sample.seconds < from || sample.seconds > to) continue;
    const std::size_t index = bar_at(sample.seconds);
    if (before && sample.seconds - before->seconds <= reach)
      for (std::size_t i = free; i < index; ++i) out[i] = {sample.value, sample.value, false};
    before = &sample;
    free = index + 1;
    StripBar& bar = out[index];
    bar.mean += sample.value;
    bar.peak = bar.empty ? sample.value : std::max(bar.peak, sample.value);
    bar.empty = false;
    ++counts[index];
  }
  for (std::size_t i = 0; i < out.size(); ++i)
    if (counts[i] > 0) out[i].mean /= counts[i];
  return out;
}

UtilisationStrip::UtilisationStrip(const QString& name, int series_colour, QWidget* parent)
    : QWidget(parent), name_(name), colour_(series_colour) {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  announce_painted_items();
  setAccessibleName(name);
}

void UtilisationStrip::set_samples(std::vector<StripSample> samples) {
  samples_ = std::move(samples);
  setAccessibleDescription(samples_.empty() ? tr("no measurement yet") : present_value());
  update();
}

void UtilisationStrip::set_detail(const QString& detail) {
  detail_ = detail;
  update();
}

QString UtilisationStrip::present_value() const {
  const double value = samples_.back().value;
  return value >= 0 ? percent_text(value) : tr("unknown");
}

std::vector<PaintedItem> UtilisationStrip::painted_items() const {
  if (samples_.empty()) return {};
  std::vector<PaintedItem> out = {{tr("In use"), present_value(), rect(), QAccessible::Graphic}};
  if (!detail_.isEmpty()) out.push_back({tr("Memory and power"), detail_, rect(), QAccessible::StaticText});
  return out;
}

QSize UtilisationStrip::sizeHint() const { return {320, 56}; }
QSize UtilisationStrip::minimumSizeHint() const { return {200, 56}; }

void UtilisationStrip::paintEvent(QPaintEvent*) {
  const Theme& theme = current_theme();
  QPainter painter(this);
  const QRect card = rect();
  paint_card(painter, card, theme.color(Role::surface), theme.color(Role::border), kRadius);
  painter.setRenderHint(QPainter::Antialiasing);
  const int text_width = 132;
  const QRect text(12, 8, text_width, height() - 16);
  painter.setFont(scaled(font(), 0.95, QFont::DemiBold));
  painter.setPen(theme.color(Role::text));
  painter.drawText(QRect(text.left(), text.top(), text.width(), 20), Qt::AlignLeft | Qt::AlignVCenter, name_);
  painter.setFont(tabular_font(font()));
  painter.drawText(QRect(text.left(), text.top(), text.width(), 20), Qt::AlignRight | Qt::AlignVCenter,
                   samples_.empty() ? QStringLiteral("–") : present_value());
  painter.setFont(tabular_font(scaled(font(), 0.85)));
  painter.setPen(theme.color(Role::muted));
  paint_elided(painter, QRect(text.left(), text.top() + 20, text.width(), 18), Qt::AlignLeft | Qt::AlignVCenter,
               samples_.empty() ? tr("no measurement yet") : detail_);

  const QRect area(text.right() + 16, 8, width() - text.right() - 28, height() - 16);
  painter.setPen(QPen(theme.color(Role::grid), 1));
  painter.drawLine(area.bottomLeft() + QPoint(0, 1), area.bottomRight() + QPoint(0, 1));
  if (samples_.empty()) return;
  const int bars = std::max(1, area.width() / 5);
  const double end = samples_.back().seconds;
  const double begin = samples_.front().seconds;
  const std::vector<StripBar> folded =
      fold_strip(samples_, begin, std::max(end, begin + 1e-3), std::min<int>(bars, static_cast<int>(samples_.size())));
  const double slot = static_cast<double>(area.width()) / static_cast<double>(folded.size());
  const double gap = slot > 3 ? 1 : 0;
  const QColor color = theme.series(colour_);
  QColor peak = color;
  peak.setAlphaF(0.28F);
  painter.setPen(Qt::NoPen);
  for (std::size_t i = 0; i < folded.size(); ++i) {
    if (folded[i].empty) continue;
    const auto bar = [&](double value) {
      const double h = std::clamp(value, 0.0, 1.0) * area.height();
      return QRectF(area.left() + slot * static_cast<double>(i), area.bottom() + 1 - h, std::max(1.0, slot - gap), h);
    };
    painter.fillRect(bar(folded[i].peak), peak);
    painter.fillRect(bar(folded[i].mean), color);
  }
}

void UtilisationStrip::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) update();
}

}  // namespace athanor::widgets
