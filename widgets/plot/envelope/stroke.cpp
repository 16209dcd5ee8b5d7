#include "widgets/plot/envelope/stroke.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace athanor::widgets {
namespace {

constexpr float kSteep = 1.5F;    // rows a column from which dashes are told apart by rows
constexpr float kTurn = 0.25F;    // rows that an extreme lies beyond both ends
constexpr float kTip = 2;         // so much of an extreme is always drawn, in rows
constexpr float kLevel = 0.4F;    // edges that rise by less are drawn as if they were level
constexpr unsigned kParts = 256;  // of a pixel

int parts_of(float share) { return static_cast<int>(std::clamp(share, 0.0F, 1.0F) * kParts + 0.5F); }

// The edge of a span, which lies anywhere in [begin, end] with equal chance.
class Edge {
 public:
  Edge(float begin, float end) : begin_(begin), end_(end), middle_((begin + end) / 2) {
    if (end > begin) half_rate_ = 0.5F / (end - begin);
  }
  // The area below it, down to y.
  [[nodiscard]] float area(float y) const {
    if (y <= begin_) return 0;
    return y >= end_ ? y - middle_ : (y - begin_) * (y - begin_) * half_rate_;
  }

 private:
  float begin_, end_, middle_, half_rate_ = 0;
};

int floor_row(float row) {
  const int cut = static_cast<int>(row);
  return cut - (row < static_cast<float>(cut) ? 1 : 0);
}
int ceil_row(float row) { return -floor_row(-row); }

// The rows of `span` within a column as high as this.
struct Rows {
  Rows(const StrokeSpan& span, std::size_t height)
      : begin(std::clamp(floor_row(span.begin()), 0, static_cast<int>(height))),
        end(std::clamp(ceil_row(span.end()), begin, static_cast<int>(height))),
        full_begin(std::clamp(ceil_row(std::max(span.full_top, span.least)), begin, end)),
        full_end(std::clamp(floor_row(std::min(span.full_bottom, span.greatest)), full_begin, end)) {}
  int begin, end, full_begin, full_end;
};

// How much of a column is covered from row to row.
class Cover {
 public:
  Cover(const StrokeSpan& span, int row)
      : upper_(span.top, span.full_top),
        lower_(span.full_bottom, span.bottom),
        least_(span.least),
        greatest_(span.greatest),
        row_(row),
        above_(down_to(row)) {}
  // Of the row that it stands at, which it leaves.
  float next() {
    const float below = down_to(++row_);
    return below - std::exchange(above_, below);
  }

 private:
  [[nodiscard]] float down_to(int row) const {
    const float y = std::clamp(static_cast<float>(row), least_, greatest_);
    return upper_.area(y) - lower_.area(y);
  }

  Edge upper_, lower_;
  float least_, greatest_;
  int row_;
  float above_;
};

}  // namespace

float StrokeSpan::coverage(int row) const { return Cover(*this, row).next(); }

StrokeSpan stroke_span(const PixelColumn* column, float half_width) {
  StrokeSpan span;
  span.least = column->line_top;
  span.greatest = column->line_bottom;
  if (!column->vertex) {  // a stroke spills over into the columns beside, as far as the line goes there
    span.least = std::min({span.least, column[-1].line_top, column[1].line_top});
    span.greatest = std::max({span.greatest, column[-1].line_bottom, column[1].line_bottom});
  }
  span.least -= half_width;
  span.greatest += half_width;
  const float reach = half_width * std::sqrt(1 + column->rise() * column->rise());
  const bool comes = !std::isnan(column->entry);
  const bool goes = !std::isnan(column[1].entry);
  const float left = comes ? column->entry : goes ? column[1].entry : column->line_top;
  const float right = goes ? column[1].entry : left;
  const float upper = std::min(left, right);
  const float lower = std::max(left, right);
  span.top = upper - reach;
  span.full_top = lower - reach;
  span.full_bottom = upper + reach;
  span.bottom = lower + reach;
  // Where the line turns inside, or is broken, its extremes are reached in full.
  if (column->broken || column->line_top < upper - kTurn) span.top = span.full_top = span.least;
  if (column->broken || column->line_bottom > lower + kTurn) span.bottom = span.full_bottom = span.greatest;
  return span;
}

float DashRhythm::share(int pixel) const {
  const float period = on[0] + off[0] + on[1] + off[1];
  const float turns = static_cast<float>(pixel) / period;
  const float at = static_cast<float>(pixel) - period * static_cast<float>(floor_row(turns));
  const auto overlap = [&](float begin, float end) {
    return std::max(0.0F, std::min(at + 1, end) - std::max(at, begin));
  };
  const float second = on[0] + off[0];
  return overlap(0, on[0]) + overlap(second, second + on[1]) + overlap(period, period + on[0]);
}

void paint(std::span<std::uint32_t> pixels, const StrokeSpan& span, const Ink& ink) {
  const float above = span.full_top - span.top;
  const float below = span.bottom - span.full_bottom;
  if (std::max(above, below) < kLevel) {
    paint_level(pixels, std::max(span.top + above / 2, span.least), std::min(span.bottom - below / 2, span.greatest),
                ink);
    return;
  }
  const Rows rows(span, pixels.size());
  std::uint32_t* data = pixels.data();
  const auto part = [&](int begin, int end) {
    Cover cover(span, begin);
    for (int row = begin; row < end; ++row) ink.over(data[row], parts_of(cover.next()));
  };
  part(rows.begin, rows.full_begin);
  ink.over(data + rows.full_begin, data + rows.full_end);
  part(rows.full_end, rows.end);
}

void paint_dashed(std::span<std::uint32_t> pixels, const StrokeSpan& span, const Ink& ink, const DashRhythm& dash,
                  int x, const PixelColumn& column) {
  const Rows rows(span, pixels.size());
  const bool steep = column.rise() > kSteep;
  const float flat_share = steep ? 0 : dash.share(x);
  Cover cover(span, rows.begin);
  for (int row = rows.begin; row < rows.end; ++row) {
    const float covered = cover.next();
    const auto middle = static_cast<float>(row) + 0.5F;
    const bool tip = column.vertex && (middle < span.begin() + kTip || middle > span.end() - kTip);
    const float share = !steep ? flat_share : tip ? 1 : dash.share(row);
    if (share > 0) ink.over(pixels[static_cast<std::size_t>(row)], parts_of(share * covered));
  }
}

}  // namespace athanor::widgets
