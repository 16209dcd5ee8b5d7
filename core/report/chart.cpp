#include "core/report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace athanor::report {
namespace {

// Okabe and Ito, "Color Universal Design", without black and yellow.
constexpr std::array<const char*, 6> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};
constexpr std::array<const char*, 4> kDashes = {"", "6 3", "2 2", "8 3 2 3"};

constexpr double kWidth = 440, kHeight = 220;
constexpr double kLeft = 58, kRight = 12, kTop = 10, kBottom = 26;

// What is drawn, and where.
struct Frame {
  double first = 0, last = 0;  // steps
  double low = 0, high = 0;    // values

  [[nodiscard]] double x(double step) const {
    return kLeft + (step - first) / (last - first) * (kWidth - kLeft - kRight);
  }
  [[nodiscard]] double y(double value) const {
    return kHeight - kBottom - (value / 2 - low / 2) / (high / 2 - low / 2) * (kHeight - kTop - kBottom);
  }
};

bool is_drawn(const store::Bucket& bucket) { return std::isfinite(bucket.minimum) && std::isfinite(bucket.maximum); }

Frame frame_of(std::span<const ChartCurve> curves, bool& any) {
  Frame frame;
  for (const ChartCurve& curve : curves) {
    for (const store::Bucket& bucket : curve.buckets) {
      if (!is_drawn(bucket)) continue;
      const auto first = static_cast<double>(bucket.first_step), last = static_cast<double>(bucket.last_step);
      frame.first = any ? std::min(frame.first, first) : first;
      frame.last = any ? std::max(frame.last, last) : last;
      frame.low = any ? std::min(frame.low, bucket.minimum) : bucket.minimum;
      frame.high = any ? std::max(frame.high, bucket.maximum) : bucket.maximum;
      any = true;
    }
  }
  if (frame.last <= frame.first) frame.last = frame.first + 1;
  // Halves here and above, since the difference of two large numbers may be more than a double holds.
  if (!(frame.high / 2 - frame.low / 2 > 0)) {
    const double around = std::max(std::abs(frame.low) * 0.05, 1e-12);
    constexpr double kMost = std::numeric_limits<double>::max();
    frame.low = std::max(frame.low - around, -kMost);
    frame.high = std::min(frame.high + around, kMost);
  }
  return frame;
}

// Round numbers in a range: one, two or five times a power of ten apart.
std::vector<double> ticks_in(double low, double high, int wanted) {
  const double raw = (high - low) / wanted;
  std::vector<double> ticks;
  if (!(raw > 0) || !std::isfinite(raw)) return ticks;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double width = raw / power < 1.5   ? power
                       : raw / power < 3.5 ? 2 * power
                       : raw / power < 7.5 ? 5 * power
                                           : 10 * power;
  const double first = std::ceil(low / width);
  for (int i = 0; i < 4 * wanted && (first + i) * width <= high; ++i) ticks.push_back((first + i) * width);
  return ticks;
}

std::string tick_text(double value) { return std::abs(value) < 1e-300 ? "0" : fmt::format("{:.4g}", value); }

std::string axes(const Frame& frame) {
  std::string out;
  const double right = kWidth - kRight, bottom = kHeight - kBottom;
  for (const double value : ticks_in(frame.low, frame.high, 4)) {
    const double y = frame.y(value);
    out += fmt::format("<line class=\"grid\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", kLeft, y,
                       right, y);
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", kLeft - 6, y + 3.5,
                       tick_text(value));
  }
  for (const double step : ticks_in(frame.first, frame.last, 5)) {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>", frame.x(step), bottom + 16,
                       std::abs(step) < 1e6 ? fmt::format("{:.6g}", step) : tick_text(step));
  }
  out += fmt::format("<line class=\"axis\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", kLeft, bottom,
                     right, bottom);
  return out;
}

using Stretch = std::span<const store::Bucket>;

std::string band(const Frame& frame, Stretch stretch, const std::string& colour) {
  const bool has_width = std::ranges::any_of(stretch, [](const auto& each) { return each.maximum > each.minimum; });
  if (!has_width) return {};
  std::string there, back;
  for (const store::Bucket& bucket : stretch) {
    const double first = frame.x(static_cast<double>(bucket.first_step)),
                 last = frame.x(static_cast<double>(bucket.last_step));
    there += fmt::format("{:.1f},{:.2f} {:.1f},{:.2f} ", first, frame.y(bucket.maximum), last, frame.y(bucket.maximum));
    back = fmt::format("{:.1f},{:.2f} {:.1f},{:.2f} ", last, frame.y(bucket.minimum), first, frame.y(bucket.minimum)) +
           back;
  }
  return fmt::format("<polygon points=\"{}{}\" fill=\"{}\" fill-opacity=\"0.2\"/>", there, back, colour);
}

std::string line(const Frame& frame, Stretch stretch, std::size_t look) {
  const std::string colour = colour_of(look);
  if (stretch.size() == 1 && stretch.front().count == 1)
    return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.2f}\" r=\"2.5\" fill=\"{}\"/>",
                       frame.x(static_cast<double>(stretch.front().last_step)), frame.y(stretch.front().maximum),
                       colour);
  std::string points;
  for (const store::Bucket& bucket : stretch) {
    const double value = std::isfinite(bucket.last) ? bucket.last : bucket.maximum;
    points += fmt::format("{:.1f},{:.2f} ", frame.x(static_cast<double>(bucket.last_step)), frame.y(value));
  }
  const std::string dashes = dashes_of(look);
  return fmt::format(
      "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\" stroke-linejoin=\"round\"{}/>", points,
      colour, dashes.empty() ? "" : fmt::format(" stroke-dasharray=\"{}\"", dashes));
}

}  // namespace

std::string colour_of(std::size_t look) { return kColours.at(look % kColours.size()); }
std::string dashes_of(std::size_t look) { return kDashes.at(look / kColours.size() % kDashes.size()); }

std::string chart_svg(std::string_view label, std::span<const ChartCurve> curves) {
  bool any = false;
  const Frame frame = frame_of(curves, any);
  if (!any) return {};
  std::string bands, lines;
  for (const ChartCurve& curve : curves) {
    // A gap where nothing finite is known.
    for (std::size_t i = 0; i < curve.buckets.size();) {
      std::size_t end = i;
      while (end < curve.buckets.size() && is_drawn(curve.buckets[end])) ++end;
      if (end > i) {
        const Stretch stretch = Stretch(curve.buckets).subspan(i, end - i);
        bands += band(frame, stretch, colour_of(curve.look));
        lines += line(frame, stretch, curve.look);
      }
      i = end + 1;
    }
  }
  return fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">{}{}{}</svg>", kWidth, kHeight,
                     escaped(label), axes(frame), bands, lines);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace athanor::report
