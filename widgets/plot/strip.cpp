#include "widgets/plot/strip.h"

#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QEvent>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace athanor::widgets {

namespace {

constexpr int kHeight = 72;
constexpr int kWords = 132;  // name, value and memory at the left
constexpr int kTimes = 14;   // below the course: when it begins and ends
constexpr int kSlot = 3;     // pixels for what is drawn as one

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

QSize UtilisationStrip::sizeHint() const { return {320, kHeight}; }
QSize UtilisationStrip::minimumSizeHint() const { return {200, kHeight}; }

void UtilisationStrip::paintEvent(QPaintEvent*) {
  const Theme& theme = current_theme();
  QPainter painter(this);
  paint_card(painter, rect(), theme.color(Role::surface), theme.color(Role::border), kRadius);
  painter.setRenderHint(QPainter::Antialiasing);
  paint_words(painter, QRect(12, 10, kWords, height() - 20));
  const int left = 12 + kWords + 16;
  const QRect area(left, 10, width() - left - 12, height() - 20 - kTimes);
  painter.setPen(QPen(theme.color(Role::grid), 1));
  for (const int y : {area.top(), area.center().y(), area.bottom() + 1})
    painter.drawLine(QPointF(area.left(), y + 0.5), QPointF(area.right(), y + 0.5));
  if (samples_.empty()) return;
  paint_times(painter, QRect(area.left(), area.bottom() + 3, area.width(), kTimes));
  paint_course(painter, area);
}

void UtilisationStrip::paint_words(QPainter& painter, const QRect& box) const {
  const Theme& theme = current_theme();
  const QRect line(box.left(), box.top(), box.width(), 20);
  painter.setFont(scaled(font(), 0.95, QFont::DemiBold));
  painter.setPen(theme.color(Role::text));
  painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, name_);
  painter.setFont(tabular_font(font()));
  painter.drawText(line, Qt::AlignRight | Qt::AlignVCenter, samples_.empty() ? QStringLiteral("–") : present_value());
  painter.setFont(tabular_font(scaled(font(), 0.85)));
  painter.setPen(theme.color(Role::muted));
  paint_elided(painter, line.translated(0, 20), Qt::AlignLeft | Qt::AlignVCenter,
               samples_.empty() ? tr("no measurement yet") : detail_);
}

void UtilisationStrip::paint_times(QPainter& painter, const QRect& box) const {
  painter.setFont(tabular_font(scaled(font(), 0.8)));
  painter.setPen(current_theme().color(Role::muted));
  painter.drawText(box, Qt::AlignLeft | Qt::AlignVCenter, duration_text(samples_.front().seconds));
  painter.drawText(box, Qt::AlignRight | Qt::AlignVCenter, duration_text(samples_.back().seconds));
}

// A line through the means over a tint of them, the peaks as a fainter one; pauses leave a gap.
void UtilisationStrip::paint_course(QPainter& painter, const QRect& area) const {
  const double begin = samples_.front().seconds;
  const double end = std::max(samples_.back().seconds, begin + 1e-3);
  const int most = std::max(1, area.width() / kSlot);
  const std::vector<StripBar> bars =
      fold_strip(samples_, begin, end, std::min<int>(most, static_cast<int>(samples_.size())));
  const double slot = static_cast<double>(area.width()) / static_cast<double>(bars.size());
  const QColor color = current_theme().series(colour_);
  const auto tint = [&](float alpha) {
    QColor out = color;
    out.setAlphaF(alpha);
    return out;
  };
  QPainterPath line;
  bool drawing = false;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (bars[i].empty) {
      drawing = false;
      continue;
    }
    const double left = area.left() + slot * static_cast<double>(i);
    const auto top = [&](double value) { return area.bottom() + 1 - std::clamp(value, 0.0, 1.0) * area.height(); };
    const auto bar = [&](double value) { return QRectF(left, top(value), slot, area.bottom() + 1 - top(value)); };
    painter.fillRect(bar(bars[i].peak), tint(0.10F));
    painter.fillRect(bar(bars[i].mean), tint(0.16F));
    const double y = top(bars[i].mean);
    drawing ? line.lineTo(left, y) : line.moveTo(left, y);
    line.lineTo(left + slot, y);
    drawing = true;
  }
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(color, 1.5));
  painter.drawPath(line);
}

void UtilisationStrip::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) update();
}

}  // namespace athanor::widgets
