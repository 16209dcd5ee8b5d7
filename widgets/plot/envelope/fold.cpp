#include "widgets/plot/envelope/fold.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace athanor::widgets {
namespace {

constexpr std::size_t kBlock = 96;  // data columns whose places are computed in one go

// Places of data columns in pixels, x from the first pixel column on. NaN where there is nothing to show.
struct Places {
  std::array<int, kBlock> column;
  std::array<double, kBlock> x;
  std::array<float, kBlock> line, top, bottom;
};

// One data column; NaN where there is nothing to show.
struct Sight {
  double x = 0;
  float line = PixelColumn::kNowhere, top = PixelColumn::kNowhere, bottom = PixelColumn::kNowhere;
};

// Where the walk along the data columns stands. A value, so that it can live in registers.
struct Walk {
  int at = -1;       // the pixel column that is; all before the first count as one
  PixelColumn here;  // what is known of it
  Sight before;      // the data column before
  Folded notes;
};

inline void stretch(PixelColumn& column, float y) {
  column.line_top = std::min(column.line_top, y);
  column.line_bottom = std::max(column.line_bottom, y);
}

inline void put(const Walk& walk, std::span<PixelColumn> out) {
  if (static_cast<std::size_t>(walk.at) < out.size()) out[static_cast<std::size_t>(walk.at)] = walk.here;
}

// Into the pixel column behind the next border, which the line crosses at y.
inline void step(Walk& walk, std::span<PixelColumn> out, float y) {
  stretch(walk.here, y);
  put(walk, out);
  ++walk.at;
  walk.here = PixelColumn();
  walk.here.entry = walk.here.line_top = walk.here.line_bottom = y;
}

// Over all borders up to that of `column`, so that each pixel column gets its piece of what leads to the next data
// column.
inline void move_far(Walk& walk, std::span<PixelColumn> out, int column, const Sight& next, bool in_line) {
  const int last = static_cast<int>(out.size()) - 1;
  const Sight& before = walk.before;
  const bool in_gap = column > walk.at + 1 && next.top == next.top && before.top == before.top;
  const double width = next.x - before.x;
  for (int border = std::max(walk.at + 1, 0); (in_line || in_gap) && border <= std::min(column, last); ++border) {
    const auto share = static_cast<float>((border - before.x) / width);
    if (in_line) {
      walk.at = border - 1;
      step(walk, out, before.line + (next.line - before.line) * share);
    } else {
      put(walk, out);
      walk.at = border;
      walk.here = PixelColumn();
    }
    if (in_gap) {
      walk.here.edge_top = before.top + (next.top - before.top) * share;
      walk.here.edge_bottom = before.bottom + (next.bottom - before.bottom) * share;
    }
  }
  if (walk.at < column) {
    put(walk, out);
    walk.here = PixelColumn();
    walk.at = std::min(column, last + 1);
  }
}

inline void move_to(Walk& walk, std::span<PixelColumn> out, int column, const Sight& next, bool in_line) {
  if (column != walk.at + 1 || !in_line) return move_far(walk, out, column, next, in_line);
  const auto share = static_cast<float>((column - walk.before.x) / (next.x - walk.before.x));
  step(walk, out, walk.before.line + (next.line - walk.before.line) * share);
}

void walk_along(Walk& kept, const Places& places, std::size_t count, const std::uint32_t* non_finite, bool band,
                std::span<PixelColumn> out) {
  Walk walk = kept;
  for (std::size_t i = 0; i < count; ++i) {
    Sight next{places.x[i], places.line[i], PixelColumn::kNowhere, PixelColumn::kNowhere};
    if (next.x != next.x) continue;
    if (band) next.top = places.top[i], next.bottom = places.bottom[i];
    const bool shown = next.line == next.line;
    const bool led = walk.before.line == walk.before.line;
    if (places.column[i] > walk.at) move_to(walk, out, places.column[i], next, shown && led);
    if (shown) {
      if (!led) {
        walk.notes.begins = true;
        walk.here.broken = walk.here.has_line();
      }
      walk.here.vertex = true;
      stretch(walk.here, next.line);
    }
    if (next.top == next.top) {
      walk.here.band_top = std::min(walk.here.band_top, next.top);
      walk.here.band_bottom = std::max(walk.here.band_bottom, next.bottom);
    }
    if (non_finite && non_finite[i] > 0) walk.here.odd = walk.notes.odd = true;
    walk.before = next;
  }
  kept = walk;
}

// What a logarithmic axis cannot show of a band lies below all that it can.
void place_bottoms(std::span<const double> values, const AxisMap& map, float* out) {
  map.place(values, out);
  if (!map.is_logarithmic()) return;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] <= 0) out[i] = AxisMap::kFar;
}

void place_columns(std::span<const double> values, double offset, const AxisMap& map, int first, Places& out) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double x = map.pixel(values[i] + offset);
    const double shown = x == x ? x : 0;
    const int cut = static_cast<int>(shown);
    out.column[i] = cut - (shown < cut ? 1 : 0) - first;
    out.x[i] = x - first;
  }
}

// As std::lower_bound; looks only near where the answer is not far behind `hint`.
std::size_t search(std::span<const double> values, double wanted, std::size_t hint) {
  const std::size_t count = values.size();
  std::size_t low = hint < count && values[hint] < wanted ? hint : 0;
  std::size_t stride = 16;
  for (; low + stride < count && values[low + stride] < wanted; stride *= 2) low += stride;
  const auto at = [&](std::size_t index) { return values.begin() + static_cast<std::ptrdiff_t>(index); };
  return static_cast<std::size_t>(std::lower_bound(at(low), at(std::min(count, low + stride)), wanted) -
                                  values.begin());
}

}  // namespace

bool is_lonely(std::span<const PixelColumn> folded, std::size_t column) {
  const auto leads = [&](std::size_t border) { return border < folded.size() && !std::isnan(folded[border].entry); };
  if (!folded[column].vertex || leads(column) || leads(column + 1)) return false;
  const std::size_t begin = column - std::min<std::size_t>(column, kDotRoom);
  for (std::size_t i = begin; i < std::min(folded.size(), column + kDotRoom + 1); ++i)
    if (i != column && (folded[i].vertex || folded[i].odd)) return false;
  return true;
}

Folded fold(const Trace& trace, const AxisMap& x, const AxisMap& y, int first, std::span<PixelColumn> out,
            std::size_t& hint) {
  std::ranges::fill(out, PixelColumn());
  Walk walk;
  const double behind = first + static_cast<double>(out.size()) - 1;
  // Two more on either side: lines lead there from outside, and rounding may move a column over the border.
  const std::size_t low = search(trace.x.values, x.value(first) - trace.x.offset, hint);
  const std::size_t high = search(trace.x.values, x.value(behind) - trace.x.offset, low);
  const std::size_t end = std::min(trace.x.values.size(), high + 2);
  Places places;
  for (std::size_t at = low - std::min<std::size_t>(low, 2); at < end; at += kBlock) {
    const std::size_t count = std::min(kBlock, end - at);
    place_columns(trace.x.values.subspan(at, count), trace.x.offset, x, first, places);
    y.place(trace.line.subspan(at, count), places.line.data());
    if (trace.band) {
      y.place(trace.maximum.subspan(at, count), places.top.data());
      place_bottoms(trace.minimum.subspan(at, count), y, places.bottom.data());
    }
    walk_along(walk, places, count, trace.non_finite.empty() ? nullptr : trace.non_finite.data() + at, trace.band, out);
  }
  put(walk, out);
  hint = high - std::min<std::size_t>(high, 8);
  return walk.notes;
}

}  // namespace athanor::widgets
