// Random changes to a drawing that keep what it shows. Every number drawn is a pure function of (seed, sample), with a
// separate stream per kind of change, so that switching one on leaves the others as they were.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace athanor::data {

struct Range {
  float low = 0;
  float high = 0;
};

// The default changes nothing: the drawing on white.
struct Augmentation {
  // Geometry, on the drawing with its transparency.
  Range scale{1, 1};           // zoom; above 1 is larger
  float rotation_degrees = 0;  // ± this
  float shift = 0;             // ± this share of the side, each axis
  float stretch = 0;           // ± this natural logarithm of width over height, halved between the axes
  float shear = 0;             // ± this
  float flip = 0;              // probability of a mirror image
  // Colour, on the drawing before it meets the background.
  float hue_degrees = 0;   // ± this around the grey axis
  float saturation = 0;    // factor 1 ± this
  float greyscale = 0;     // probability of no colour at all
  float brightness = 0;    // factor 1 ± this
  float channel_gain = 0;  // factor 1 ± this for each of red, green and blue
  float contrast = 0;      // factor 1 ± this around middle grey
  // Background and what lies over everything.
  float white_background = 1;      // probability of white; else any plain colour
  float stroke = 0;                // probability of light or dark lines growing by a pixel, half of the time each
  float blur = 0;                  // probability of a softer or sharper picture
  Range blur_strength{-0.8F, 1};   // 1 is the mean of 3 x 3 pixels; below 0 sharpens
  float cutout = 0;                // probability of one rectangle of a random colour
  Range cutout_side{0.15F, 0.5F};  // share of the side
  float noise = 0;                 // standard deviation, in units of full brightness
};

// One drawing made ready: square, premultiplied RGBA, 8 bit.
struct Drawing {
  int side = 0;
  std::vector<std::uint8_t> rgba;
};

// Cuts to the drawn part plus `margin` (share of its longer side) on each side, makes it square and scales it to
// `side`; a negative margin keeps the whole picture. `rgba` is straight alpha.
[[nodiscard]] Drawing make_drawing(std::span<const std::uint8_t> rgba, int width, int height, int side, float margin);

// Writes px * px * 3 values in [-1, 1], rows from the top, red green blue. `sample` is the position in the stream of
// all training samples. Safe on many threads.
void augment(const Drawing& drawing, const Augmentation& augmentation, std::uint64_t seed, std::uint64_t sample, int px,
             std::span<float> out);

// Without any randomness, on white.
void render_plain(const Drawing& drawing, int px, std::span<float> out);

}  // namespace athanor::data
