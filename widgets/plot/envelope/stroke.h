// How much of each pixel of a column a stroke along a folded line covers, and painting that. Pure; any thread;
// allocates nothing.
#pragma once

#include "widgets/plot/envelope/fold.h"
#include "widgets/plot/envelope/ink.h"

#include <algorithm>
#include <cstdint>
#include <span>

namespace athanor::widgets {

// The part of a stroke in one column of pixels: covers nothing above `top`, more and more down to `full_top`, all of
// the width down to `full_bottom`, and less and less down to `bottom`; and of all that what lies within [least,
// greatest].
struct StrokeSpan {
  float top = 0, full_top = 0, full_bottom = 0, bottom = 0;
  float least = 0, greatest = 0;

  // Of the pixel [row, row + 1); 0…1.
  [[nodiscard]] float coverage(int row) const;
  [[nodiscard]] float begin() const { return std::max(top, least); }
  [[nodiscard]] float end() const { return std::min(bottom, greatest); }
};

// The stroke of this half width around what `column` holds of a line, which is column[0]; column[-1] and column[1] are
// looked at, too. A straight piece gives the exact share of each pixel, and noise its exact span, rounded off by the
// half width. Only where column->has_line().
[[nodiscard]] StrokeSpan stroke_span(const PixelColumn* column, float half_width);

// Which parts of a line are drawn: by columns where it runs flat, by rows where it is steep. No dash: all of it.
struct DashRhythm {
  float on[2] = {0, 0};   // lengths, in turn with
  float off[2] = {0, 0};  // gaps

  [[nodiscard]] bool is_solid() const { return off[0] <= 0; }
  // The share of [pixel, pixel + 1) that is drawn.
  [[nodiscard]] float share(int pixel) const;
};

// Over the premultiplied pixels of one column from the top. Level: with parts of a pixel at both ends, and whole ones
// between.
inline void paint_level(std::span<std::uint32_t> pixels, float top, float bottom, const Ink& ink) {
  constexpr unsigned kParts = 256;  // of a pixel
  const auto height = static_cast<float>(pixels.size());
  const auto begin = static_cast<unsigned>(static_cast<int>(std::clamp(top, 0.0F, height) * kParts + 0.5F));
  const auto end = static_cast<unsigned>(static_cast<int>(std::clamp(bottom, 0.0F, height) * kParts + 0.5F));
  if (begin >= end) return;
  std::uint32_t* first = pixels.data() + begin / kParts;
  std::uint32_t* last = pixels.data() + end / kParts;
  const unsigned above = begin % kParts;
  const unsigned below = end % kParts;
  if (first == last) return ink.over(*first, static_cast<int>(end - begin));
  if (above > 0) ink.over(*first++, static_cast<int>(kParts - above));
  ink.over(first, last);
  if (below > 0) ink.over(*last, static_cast<int>(below));
}
void paint(std::span<std::uint32_t> pixels, const StrokeSpan& span, const Ink& ink);
void paint_dashed(std::span<std::uint32_t> pixels, const StrokeSpan& span, const Ink& ink, const DashRhythm& dash,
                  int x, const PixelColumn& column);

}  // namespace athanor::widgets
