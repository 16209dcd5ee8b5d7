#include "widgets/plot/envelope/raster.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace athanor::widgets {
namespace {

// So many columns of pixels at a time, so that what they need stays in the processor's cache.
constexpr int kTile = 64;
constexpr std::size_t kFolded = kTile + 3;  // with a column on either side, and the border behind
constexpr std::size_t kPiecesAPart = 250'000;
constexpr std::size_t kFine = 24;  // so many lines get smooth edges where their data are dense, too
constexpr float kFlat = 2;         // rows that a line rises in a column of pixels
constexpr float kTraceWidth = 1;
constexpr float kHalo = 2;    // wider than the line, on either side
constexpr float kDot = 1.6F;  // radius of a sample without neighbours, in widths of its line
constexpr float kCrowdWidth = 1.2F;
constexpr int kCross = 3;  // half a cross, in pixels
constexpr int kCrossFromTop = 7;

Trace trace_of(const SceneCurve& curve, XAxis axis, bool through_last) {
  const CurveColumns& columns = *curve.columns;
  return {{columns.x(axis), curve.offset},
          columns.minimum(),
          columns.maximum(),
          through_last ? columns.last() : columns.line(),
          columns.non_finite(),
          columns.has_band() || through_last};
}

// The whole of what a curve spans in a column, as one line.
void stretch_to_band(PixelColumn& column) {
  if (!column.has_band()) return;
  column.line_top = std::min(column.line_top, column.band_top);
  column.line_bottom = std::max(column.line_bottom, column.band_bottom);
  column.vertex = true;
}

// How many steps a sloping edge of this height is made of; a power of 2.
int steps_of(float rise) { return rise < 1.5F ? 1 : rise < 3 ? 2 : rise < 8 ? 4 : 8; }

void add_band(Crowd& crowd, int at, const PixelColumn* column, const Shade& shade, bool fine) {
  if (column->has_band()) {
    crowd.add(at, column->band_top, column->band_bottom, shade);
    return;
  }
  if (std::isnan(column->edge_top) || std::isnan(column[1].edge_top)) return;
  const float down = column[1].edge_top - column->edge_top;
  const float below = column[1].edge_bottom - column->edge_bottom;
  const int steps = fine ? steps_of(std::max(std::abs(down), std::abs(below))) : 1;
  const float part = 1.0F / static_cast<float>(steps);
  const Shade partly = shade.part(part);
  for (int i = 0; i < steps; ++i) {
    const float share = (static_cast<float>(i) + 0.5F) * part;
    crowd.add(at, column->edge_top + down * share, column->edge_bottom + below * share, partly);
  }
}

// From columns that follow each other after so many pixels to lines of a picture.
void turn(const std::uint32_t* from, std::ptrdiff_t stride, int columns, int rows, uchar* to,
          std::size_t bytes_a_line) {
  for (int row = 0; row < rows; ++row, to += bytes_a_line)
    for (int column = 0; column < columns; ++column)
      reinterpret_cast<std::uint32_t*>(to)[column] = from[column * stride + row];
}

void turn_four(const std::uint32_t* from, std::ptrdiff_t stride, uchar* to, std::size_t bytes_a_line) {
#ifdef __SSE2__
  const auto column = [&](int i) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i * stride)); };
  const auto line = [&](std::size_t i) { return reinterpret_cast<__m128i*>(to + i * bytes_a_line); };
  const __m128i a = _mm_unpacklo_epi32(column(0), column(1)), b = _mm_unpackhi_epi32(column(0), column(1));
  const __m128i c = _mm_unpacklo_epi32(column(2), column(3)), d = _mm_unpackhi_epi32(column(2), column(3));
  _mm_storeu_si128(line(0), _mm_unpacklo_epi64(a, c));
  _mm_storeu_si128(line(1), _mm_unpackhi_epi64(a, c));
  _mm_storeu_si128(line(2), _mm_unpacklo_epi64(b, d));
  _mm_storeu_si128(line(3), _mm_unpackhi_epi64(b, d));
#else
  turn(from, stride, 4, 4, to, bytes_a_line);
#endif
}

float half_of(float width, float scale) { return std::max(1.0F, width * scale) / 2; }

// Of line and band together, between data columns as well.
std::pair<float, float> whole_span(const PixelColumn* column) {
  float top = std::min(column->line_top, column->band_top);
  float bottom = std::max(column->line_bottom, column->band_bottom);
  if (!column->has_band() && !std::isnan(column->edge_top) && !std::isnan(column[1].edge_top)) {
    top = std::min(top, (column->edge_top + column[1].edge_top) / 2);
    bottom = std::max(bottom, (column->edge_bottom + column[1].edge_bottom) / 2);
  }
  return {top, bottom};
}

void mark(QImage& picture, int x, int y, const Ink& ink, float share) {
  if (x < 0 || x >= picture.width() || y < 0 || y >= picture.height()) return;
  const int parts = static_cast<int>(std::min(share, 1.0F) * 256);
  ink.over(reinterpret_cast<std::uint32_t*>(picture.scanLine(y))[x], parts);
}

}  // namespace

// Neighbouring tiles of a picture, drawn one after another.
class Raster::Part {
 public:
  Part(const Scene& scene, Desk& desk, std::vector<std::uint8_t>& odd);
  void draw(int begin, int end, uchar* picture, std::size_t bytes_a_line);

 private:
  // With the column before, those of the tile, the one behind, and its border.
  [[nodiscard]] std::span<PixelColumn> room(PixelColumn* folded) const {
    return {folded, static_cast<std::size_t>(columns_) + 3};
  }
  [[nodiscard]] PixelColumn* folded_of(std::size_t curve) const {
    return desk_.folded.data() + (curve - first_line_) * kFolded;
  }
  void fetch_after(std::size_t curve) const;
  void fold_lines();
  void note_odd(const PixelColumn* folded);
  void add_crowd();
  void add_bands();
  [[nodiscard]] bool is_level(const PixelColumn& column) const;
  void draw_line(const PixelColumn* folded, QRgb colour, float half_width, const DashRhythm& dash);
  void note_dots(const PixelColumn* folded, QRgb colour, float half_width);
  void draw_trace(const SceneCurve& curve);
  void draw_lines();
  void copy_to(uchar* picture, std::size_t bytes_a_line) const;

  const Scene& scene_;
  Desk& desk_;
  std::vector<std::uint8_t>& odd_;
  std::size_t first_line_;  // curve that is drawn by itself
  bool fine_;
  int left_ = 0, columns_ = 0;  // of the tile
};

Raster::Part::Part(const Scene& scene, Desk& desk, std::vector<std::uint8_t>& odd)
    : scene_(scene),
      desk_(desk),
      odd_(odd),
      first_line_(scene.crowded ? scene.curves.size() - std::min(scene.clear, scene.curves.size()) : 0),
      fine_(scene.curves.size() - first_line_ <= kFine) {
  desk_.hints.assign(scene.curves.size(), 0);
  desk_.folded.resize(std::max(desk_.folded.size(), (scene.curves.size() - first_line_) * kFolded));
  desk_.begins.resize(std::max(desk_.begins.size(), scene.curves.size() - first_line_));
  desk_.dots.clear();
}

// Asks for the numbers that this tile needs of the next curve, while this one is folded.
void Raster::Part::fetch_after([[maybe_unused]] std::size_t curve) const {
#ifdef __GNUC__
  constexpr std::size_t kLine = 8;  // numbers in a line of the cache
  if (curve + 1 >= scene_.curves.size()) return;
  const CurveColumns& next = *scene_.curves[curve + 1].columns;
  const std::size_t begin = desk_.hints[curve + 1];
  const std::size_t end = std::min(next.size(), begin + kTile + 2 * kLine);
  for (const auto& values : {next.x(scene_.axis), next.line(), next.minimum(), next.maximum()})
    for (std::size_t i = begin; i < std::min(end, values.size()); i += kLine) __builtin_prefetch(values.data() + i);
#endif
}

void Raster::Part::fold_lines() {
  for (std::size_t c = first_line_; c < scene_.curves.size(); ++c) {
    fetch_after(c);
    std::size_t again = desk_.hints[c];  // in a crowd it is folded once more
    const Folded notes = fold(trace_of(scene_.curves[c], scene_.axis, false), scene_.x, scene_.y, left_ - 1,
                              room(folded_of(c)), scene_.crowded ? again : desk_.hints[c]);
    if (notes.odd) note_odd(folded_of(c) + 1);
    desk_.begins[c - first_line_] = notes.begins ? 1 : 0;
  }
}

void Raster::Part::note_odd(const PixelColumn* folded) {
  for (int at = 0; at < columns_; ++at)
    if (folded[at].odd) odd_[static_cast<std::size_t>(left_ + at)] = 1;
}

void Raster::Part::add_crowd() {
  const float half = half_of(kCrowdWidth, scene_.scale);
  std::array<PixelColumn, kFolded> folded;
  for (std::size_t c = 0; c < scene_.curves.size(); ++c) {
    const SceneCurve& curve = scene_.curves[c];
    fetch_after(c);
    const Folded notes =
        fold(trace_of(curve, scene_.axis, false), scene_.x, scene_.y, left_ - 1, room(folded.data()), desk_.hints[c]);
    const Shade shade(curve.band);
    for (int at = 0; at < columns_; ++at) {
      const auto [top, bottom] = whole_span(&folded[static_cast<std::size_t>(at) + 1]);
      if (top <= bottom) desk_.crowd.add(at, top - half, bottom + half, shade);
    }
    if (notes.odd) note_odd(folded.data() + 1);
  }
}

void Raster::Part::add_bands() {
  for (std::size_t c = first_line_; c < scene_.curves.size(); ++c) {
    const SceneCurve& curve = scene_.curves[c];
    if (qAlpha(curve.band) == 0 || !curve.columns->has_band()) continue;
    const PixelColumn* folded = folded_of(c) + 1;
    const Shade shade(curve.band);
    for (int at = 0; at < columns_; ++at) add_band(desk_.crowd, at, folded + at, shade, fine_);
  }
}

// Whether sloping edges would make no difference to the eye: of values close beside each other, and of many lines.
bool Raster::Part::is_level(const PixelColumn& column) const {
  return column.vertex ? !fine_ || column.rise() > kFlat : !fine_ && column.rise() < kFlat;
}

void Raster::Part::draw_line(const PixelColumn* folded, QRgb colour, float half_width, const DashRhythm& dash) {
  const Ink ink(colour);
  for (int at = 0; at < columns_; ++at) {
    const PixelColumn* column = folded + at;
    if (!column->has_line()) continue;
    const std::span<std::uint32_t> pixels(desk_.pixels.data() + static_cast<std::ptrdiff_t>(at) * scene_.height,
                                          static_cast<std::size_t>(scene_.height));
    if (!dash.is_solid())
      paint_dashed(pixels, stroke_span(column, half_width), ink, dash, left_ + at, *column);
    else if (is_level(*column))
      paint_level(pixels, column->line_top - half_width, column->line_bottom + half_width, ink);
    else
      paint(pixels, stroke_span(column, half_width), ink);
  }
}

void Raster::Part::note_dots(const PixelColumn* folded, QRgb colour, float half_width) {
  for (int at = 0; at < columns_; ++at) {
    if (!folded[at].vertex || !std::isnan(folded[at].entry)) continue;
    const std::span<const PixelColumn> all(folded - 1, static_cast<std::size_t>(columns_) + 3);
    if (is_lonely(all, static_cast<std::size_t>(at) + 1))
      desk_.dots.push_back({static_cast<float>(left_ + at) + 0.5F, folded[at].line_top, 2 * half_width * kDot, colour});
  }
}

void Raster::Part::draw_trace(const SceneCurve& curve) {
  std::array<PixelColumn, kFolded> folded;
  std::size_t hint = 0;
  fold(trace_of(curve, scene_.axis, true), scene_.x, scene_.y, left_ - 1, room(folded.data()), hint);
  for (PixelColumn& column : folded) stretch_to_band(column);
  draw_line(folded.data() + 1, curve.trace, half_of(kTraceWidth, scene_.scale), {});
}

void Raster::Part::draw_lines() {
  for (std::size_t c = first_line_; c < scene_.curves.size(); ++c) {
    const SceneCurve& curve = scene_.curves[c];
    const PixelColumn* folded = folded_of(c) + 1;
    if (qAlpha(curve.trace) > 0) draw_trace(curve);
    if (qAlpha(curve.halo) > 0) draw_line(folded, curve.halo, half_of(curve.width + 2 * kHalo, scene_.scale), {});
    if (qAlpha(curve.line) == 0) continue;
    draw_line(folded, curve.line, half_of(curve.width, scene_.scale), curve.dash);
    if (desk_.begins[c - first_line_] != 0) note_dots(folded, curve.line, half_of(curve.width, scene_.scale));
  }
}

void Raster::Part::copy_to(uchar* picture, std::size_t bytes_a_line) const {
  for (int row = 0; row < scene_.height; row += 4)
    for (int at = 0; at < columns_; at += 4) {
      const std::uint32_t* from = desk_.pixels.data() + static_cast<std::ptrdiff_t>(at) * scene_.height + row;
      uchar* to = picture + static_cast<std::size_t>(row) * bytes_a_line + static_cast<std::size_t>(left_ + at) * 4;
      const int rows = std::min(4, scene_.height - row), columns = std::min(4, columns_ - at);
      if (rows == 4 && columns == 4)
        turn_four(from, scene_.height, to, bytes_a_line);
      else
        turn(from, scene_.height, columns, rows, to, bytes_a_line);
    }
}

void Raster::Part::draw(int begin, int end, uchar* picture, std::size_t bytes_a_line) {
  for (left_ = begin; left_ < end; left_ += kTile) {
    columns_ = std::min(kTile, end - left_);
    const auto size = static_cast<std::size_t>(columns_) * static_cast<std::size_t>(scene_.height);
    desk_.pixels.assign(std::max(size, desk_.pixels.size()), 0);
    desk_.crowd.begin(columns_, scene_.height);
    fold_lines();
    if (scene_.crowded)
      add_crowd();
    else
      add_bands();
    desk_.crowd.draw(scene_.tone, {desk_.pixels.data(), size});
    draw_lines();
    copy_to(picture, bytes_a_line);
  }
}

std::size_t Scene::pieces() const {
  const auto wide = static_cast<std::size_t>(std::max(width, 0));
  std::size_t out = 0;
  for (const SceneCurve& curve : curves) out += std::max(curve.columns->size(), wide);
  return out;
}

void one_by_one(int count, const std::function<void(int)>& job) {
  for (int i = 0; i < count; ++i) job(i);
}

void Raster::draw_dots(QImage& picture) const {
  for (const Desk& desk : desks_)
    for (const Dot& dot : desk.dots) {
      const Ink ink(dot.colour);
      const int reach = static_cast<int>(std::ceil(dot.radius)) + 1;
      const int x = static_cast<int>(std::floor(dot.x));
      const int y = static_cast<int>(std::floor(dot.y));
      for (int row = y - reach; row <= y + reach; ++row)
        for (int column = x - reach; column <= x + reach; ++column) {
          const float away =
              std::hypot(static_cast<float>(column) + 0.5F - dot.x, static_cast<float>(row) + 0.5F - dot.y);
          if (const float share = dot.radius + 0.5F - away; share > 0) mark(picture, column, row, ink, share);
        }
    }
}

// One cross where several would touch.
void Raster::draw_odd(const Scene& scene, QImage& picture) const {
  const Ink ink(scene.odd);
  const int half = std::max(2, static_cast<int>(std::lround(kCross * scene.scale)));
  const int middle = static_cast<int>(std::lround(kCrossFromTop * scene.scale));
  for (int x = 0; x < scene.width; ++x) {
    if (odd_[static_cast<std::size_t>(x)] == 0) continue;
    for (int i = -half; i <= half; ++i)
      for (const int side : {1, -1}) {
        if (i == 0 && side < 0) continue;
        mark(picture, x + i, middle + side * i, ink, 1);
        for (const int beside : {-1, 1}) mark(picture, x + i + beside, middle + side * i, ink, 0.3F);
      }
    x += 2 * half + 1;
  }
}

void Raster::draw(const Scene& scene, QImage& picture, const Spread& spread) {
  if (picture.width() != scene.width || picture.height() != scene.height ||
      picture.format() != QImage::Format_ARGB32_Premultiplied)
    picture = QImage(scene.width, scene.height, QImage::Format_ARGB32_Premultiplied);
  if (picture.isNull()) return;
  odd_.assign(static_cast<std::size_t>(scene.width), 0);
  const int tiles = (scene.width + kTile - 1) / kTile;
  const int parts = std::clamp(static_cast<int>(scene.pieces() / kPiecesAPart), 1, tiles);
  desks_.resize(std::max(desks_.size(), static_cast<std::size_t>(parts)));
  for (Desk& desk : desks_) desk.dots.clear();
  uchar* bits = picture.bits();
  const auto bytes_a_line = static_cast<std::size_t>(picture.bytesPerLine());
  const auto job = [&](int part) {
    Part(scene, desks_[static_cast<std::size_t>(part)], odd_)
        .draw(tiles * part / parts * kTile, std::min(scene.width, tiles * (part + 1) / parts * kTile), bits,
              bytes_a_line);
  };
  spread(parts, std::cref(job));  // a reference: held without allocating
  draw_dots(picture);
  draw_odd(scene, picture);
}

}  // namespace athanor::widgets
