// Sums up how often each pixel of a tile is covered and in which colours, in whole numbers, so that what is not covered
// is exactly 0; and turns sums into pixels by a tone. A span costs the same however high it is. Any thread, one at a
// time; allocates only when a tile is larger than any before.
#pragma once

#include <QRgb>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace athanor::widgets {

// From how often a pixel is covered to how opaque it is: never less for more.
class Tone {
 public:
  // Calm: `single` where one covers it, and never above `most`.
  static Tone saturating(double single, double most);
  // For crowds of up to `count`: `single` where one does, and opaque where half of them do, by equal ratios.
  static Tone by_ratio(double single, double count);

  // Opacity a coverage.
  [[nodiscard]] float factor(float coverage) const { return factors_[place(coverage)]; }

 private:
  // Places are as far apart as the exponent and the first six bits of the mantissa say.
  static constexpr std::uint32_t kShift = 17, kLowest = 0x3b800000 >> kShift;  // from 1/256
  static constexpr std::uint32_t kPlaces = (0x47800000 >> kShift) - kLowest;   // to 65536
  static std::size_t place(float coverage);
  template <typename Opacity>
  static Tone of(Opacity opacity);

  std::array<float, kPlaces> factors_{};
};

class Crowd {
 public:
  // All pixels uncovered.
  void begin(int columns, int height);
  // Rows [top, bottom) of a column, with parts of pixels at the ends, `weight` of one covering (a power of 2 below 1).
  void add(int column, float top, float bottom, QRgb colour, float weight = 1);
  // Into premultiplied pixels on which nothing was drawn yet, column by column from the top; afterwards all is
  // uncovered again.
  void draw(const Tone& tone, std::span<std::uint32_t> pixels);

 private:
  struct alignas(16) Sum {  // as in a QRgb: blue, green, red, coverage
    std::array<std::int32_t, 4> of{};
  };
  struct Touched {
    int begin = 0, end = 0;
  };
  void draw_column(const Tone& tone, Touched touched, Sum* changes, std::uint32_t* pixels);

  int height_ = 0;
  std::vector<Sum> changes_;  // from row to row, column by column, two rows more than pixels
  std::vector<Touched> touched_;
};

}  // namespace athanor::widgets
