#include "widgets/timeline/timeline_columns.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace athanor::widgets {
namespace {

constexpr double kSeenPixels = 2;  // wide enough for a pause to be seen by itself
constexpr double kFarLonger = 8;   // than the median
constexpr std::size_t kPauses = 3;

std::pair<std::size_t, std::size_t> columns_within(const TimelineColumns& columns, double from, double to) {
  const double count = static_cast<double>(columns.count());
  const double first = std::clamp(std::floor((from - columns.begin) / columns.width), 0.0, count);
  const double last = std::clamp(std::ceil((to - columns.begin) / columns.width), first, count);
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(last)};
}

// The mean shares of [from, to].
void mean_shares(const TimelineColumns& columns, double from, double to, std::span<double> shares) {
  std::ranges::fill(shares, 0);
  const auto [first, last] = columns_within(columns, from, to);
  for (std::size_t at = first; at < last; ++at) {
    const double begin = columns.begin + static_cast<double>(at) * columns.width;
    const double part = (std::min(to, begin + columns.width) - std::max(from, begin)) / (to - from);
    if (part <= 0) continue;
    for (std::size_t kind = 0; kind < shares.size(); ++kind)
      shares[kind] += part * static_cast<double>(columns.shares[at * shares.size() + kind]);
  }
}

struct Paint {
  double red = 0, green = 0, blue = 0;
};

// One pixel's width of a picture, from the bottom up.
class Stack {
 public:
  explicit Stack(int height) : levels_(static_cast<std::size_t>(height)) {}

  void begin() {
    std::ranges::fill(levels_, std::array<double, 4>{});
    top_ = 0;
  }
  void add(double height, const Paint& paint) {
    const double end = std::min(top_ + height, static_cast<double>(levels_.size()));
    while (top_ < end) {
      const auto level = static_cast<std::size_t>(top_);
      const double next = std::min(end, static_cast<double>(level) + 1);
      const double part = next - top_;
      levels_[level][0] += part * paint.red;
      levels_[level][1] += part * paint.green;
      levels_[level][2] += part * paint.blue;
      levels_[level][3] += part * 255;
      top_ = next;
    }
  }
  void write(QImage& image, int x) const {
    const int height = image.height();
    for (int level = 0; level < height; ++level) {
      const auto& sum = levels_[static_cast<std::size_t>(level)];
      auto* line = reinterpret_cast<QRgb*>(image.scanLine(height - 1 - level));
      const auto part = [&sum](std::size_t i) { return static_cast<int>(sum[i] + 0.5); };
      line[x] = qRgba(part(0), part(1), part(2), part(3));
    }
  }

 private:
  std::vector<std::array<double, 4>> levels_;  // premultiplied, with their opacity
  double top_ = 0;
};

}  // namespace

QImage columns_picture(const TimelineColumns& columns, std::span<const QColor> colours, double from, double to,
                       QSize size) {
  QImage image(size, QImage::Format_ARGB32_Premultiplied);
  image.fill(Qt::transparent);
  if (columns.count() == 0 || columns.kinds.empty() || !(to > from) || size.isEmpty()) return image;
  std::vector<Paint> paints;
  for (const int kind : columns.kinds) {
    const QColor& colour = colours[static_cast<std::size_t>(kind)];
    paints.push_back({double(colour.red()), double(colour.green()), double(colour.blue())});
  }
  Stack stack(size.height());
  std::vector<double> shares(paints.size());
  const double each = (to - from) / size.width();
  for (int x = 0; x < size.width(); ++x) {
    mean_shares(columns, from + x * each, from + (x + 1) * each, shares);
    double sum = 0;
    for (const double share : shares) sum += share;
    if (sum <= 0) continue;
    // Bars that lie over each other are no more than all of the time.
    const double scale = size.height() / std::max(1.0, sum) * std::max(1.0, 1 / (size.height() * sum));
    stack.begin();
    for (std::size_t kind = 0; kind < paints.size(); ++kind) stack.add(shares[kind] * scale, paints[kind]);
    stack.write(image, x);
  }
  return image;
}

std::vector<Pause> hidden_pauses(const TimelineColumns& columns, double from, double to, double width) {
  std::vector<Pause> pauses;
  if (!(to > from) || columns.count() == 0) return pauses;
  const auto [first, last] = columns_within(columns, from, to);
  std::vector<float> known;
  for (std::size_t at = first; at < last; ++at)
    if (columns.pauses[at] > 0) known.push_back(columns.pauses[at]);
  if (known.size() < 2) return pauses;
  const auto middle = known.begin() + std::ssize(known) / 2;
  std::ranges::nth_element(known, middle);
  for (std::size_t at = first; at < last; ++at) {
    const double seconds = static_cast<double>(columns.pauses[at]);
    if (seconds < kFarLonger * static_cast<double>(*middle) || seconds / (to - from) * width >= kSeenPixels) continue;
    pauses.push_back({columns.begin + (static_cast<double>(at) + 0.5) * columns.width, seconds});
  }
  std::ranges::sort(pauses, std::ranges::greater(), &Pause::seconds);
  if (pauses.size() > kPauses) pauses.resize(kPauses);
  return pauses;
}

ColumnsSum sum_of(const TimelineColumns& columns, double from, double to) {
  ColumnsSum sum;
  sum.seconds.assign(columns.kinds.size(), 0);
  if (columns.count() == 0) return sum;
  const auto [first, last] = columns_within(columns, from, to);
  for (std::size_t at = first; at < last; ++at) {
    for (std::size_t kind = 0; kind < sum.seconds.size(); ++kind)
      sum.seconds[kind] += static_cast<double>(columns.shares[at * sum.seconds.size() + kind]) * columns.width;
    sum.begun += static_cast<double>(columns.begun[at]);
    sum.longest = std::max(sum.longest, static_cast<double>(columns.longest[at]));
    sum.longest_pause = std::max(sum.longest_pause, static_cast<double>(columns.pauses[at]));
  }
  return sum;
}

}  // namespace athanor::widgets
