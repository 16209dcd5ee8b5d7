#include "widgets/timeline/timeline_columns.h"

#include <algorithm>
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
  explicit Stack(QImage& image)
      : height_(image.height()),
        line_(image.bytesPerLine() / static_cast<qsizetype>(sizeof(QRgb))),
        bottom_(reinterpret_cast<QRgb*>(image.scanLine(height_ - 1))) {}

  void begin(int x) {
    x_ = x;
    level_ = 0;
    filled_ = 0;
    sum_ = {};
  }
  void add(double height, const Paint& paint) {
    while (height > 0 && level_ < height_) {
      const double part = std::min(height, 1 - filled_);
      sum_ = {sum_.red + part * paint.red, sum_.green + part * paint.green, sum_.blue + part * paint.blue};
      filled_ += part;
      height -= part;
      if (filled_ < 1 - kNothing) return;
      write();
    }
  }
  void end() {
    if (filled_ > kNothing && level_ < height_) write();
  }

 private:
  static constexpr double kNothing = 1e-6;

  void write() {
    const auto whole = [](double part) { return static_cast<int>(part + 0.5); };
    bottom_[x_ - level_ * line_] =
        qRgba(whole(sum_.red), whole(sum_.green), whole(sum_.blue), whole(255 * std::min(1.0, filled_)));
    ++level_;
    filled_ = 0;
    sum_ = {};
  }

  int height_;
  qsizetype line_;
  QRgb* bottom_;
  int x_ = 0, level_ = 0;
  double filled_ = 0;  // of the pixel at `level_`
  Paint sum_;          // premultiplied
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
  Stack stack(image);
  std::vector<double> shares(paints.size());
  const double each = (to - from) / size.width();
  for (int x = 0; x < size.width(); ++x) {
    mean_shares(columns, from + x * each, from + (x + 1) * each, shares);
    double sum = 0;
    for (const double share : shares) sum += share;
    if (sum <= 0) continue;
    // Bars that lie over each other are no more than all of the time.
    const double scale = size.height() / std::max(1.0, sum) * std::max(1.0, 1 / (size.height() * sum));
    stack.begin(x);
    for (std::size_t kind = 0; kind < paints.size(); ++kind) stack.add(shares[kind] * scale, paints[kind]);
    stack.end();
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
