#include "core/data/augment.h"

#include "tests/core/data/synthetic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace athanor::data {
namespace {

constexpr int kPx = 32;
using Pixels = std::vector<float>;

// A red square in the left half of the picture.
Drawing red_on_the_left() {
  std::vector<std::uint8_t> rgba(64 * 64 * 4, 0);
  for (std::size_t y = 16; y < 48; ++y) {
    for (std::size_t x = 0; x < 32; ++x) {
      rgba[(y * 64 + x) * 4] = 255;
      rgba[(y * 64 + x) * 4 + 3] = 255;
    }
  }
  return make_drawing(rgba, 64, 64, 64, -1);
}

Pixels apply(const Augmentation& augmentation, std::uint64_t sample = 0, const Drawing& drawing = red_on_the_left()) {
  Pixels out(kPx * kPx * 3);
  augment(drawing, augmentation, 1, sample, kPx, out);
  return out;
}

float at(const Pixels& pixels, int x, int y, int channel) {
  return pixels[static_cast<std::size_t>((y * kPx + x) * 3 + channel)];
}

// Share of clearly non-white pixels in columns [first, last).
double drawn(const Pixels& pixels, int first = 0, int last = kPx) {
  int count = 0;
  for (int y = 0; y < kPx; ++y) {
    for (int x = first; x < last; ++x) count += at(pixels, x, y, 1) < 0 ? 1 : 0;
  }
  return static_cast<double>(count) / (kPx * (last - first));
}

TEST(Augment, DoesNothingByDefault) {
  Pixels plain(kPx * kPx * 3);
  render_plain(red_on_the_left(), kPx, plain);
  EXPECT_EQ(apply({}), plain);
  EXPECT_FLOAT_EQ(at(plain, 4, 16, 0), 1);
  EXPECT_FLOAT_EQ(at(plain, 4, 16, 1), -1);
  EXPECT_FLOAT_EQ(at(plain, 28, 16, 1), 1);
}

TEST(Augment, IsAFunctionOfSeedAndSample) {
  const Augmentation all{.scale = {0.8F, 1.2F}, .rotation_degrees = 20, .white_background = 0, .noise = 0.1F};
  EXPECT_EQ(apply(all, 5), apply(all, 5));
  EXPECT_NE(apply(all, 5), apply(all, 6));
}

TEST(Augment, SwitchingOneChangeOnLeavesTheOthersAsTheyWere) {
  const Augmentation background{.white_background = 0};
  const Augmentation both{.scale = {0.5F, 0.5F}, .white_background = 0};
  for (int channel = 0; channel < 3; ++channel)
    EXPECT_FLOAT_EQ(at(apply(background), 30, 1, channel), at(apply(both), 30, 1, channel));
}

TEST(Augment, FlipMirrors) {
  const Pixels flipped = apply({.flip = 1});
  EXPECT_NEAR(drawn(flipped, 16, 32), 0.5, 0.05);
  EXPECT_NEAR(drawn(flipped, 0, 16), 0, 0.05);
}

TEST(Augment, ScaleZooms) { EXPECT_NEAR(drawn(apply({.scale = {0.5F, 0.5F}})), 0.25 / 4, 0.02); }

TEST(Augment, RotationKeepsTheArea) {
  const Drawing centred = [] {
    std::vector<std::uint8_t> rgba(64 * 64 * 4, 0);
    for (std::size_t y = 20; y < 44; ++y) {
      for (std::size_t x = 20; x < 44; ++x) rgba[(y * 64 + x) * 4 + 3] = 255;
    }
    return make_drawing(rgba, 64, 64, 64, -1);
  }();
  const Pixels turned = apply({.rotation_degrees = 40}, 2, centred);
  EXPECT_NE(turned, apply({}, 2, centred));
  EXPECT_NEAR(drawn(turned), 24.0 * 24 / (64 * 64), 0.02);
}

TEST(Augment, GreyscaleLeavesOnlyLuma) {
  const Pixels grey = apply({.greyscale = 1});
  EXPECT_NEAR(at(grey, 4, 16, 0), 2 * 0.299 - 1, 1e-5);
  EXPECT_FLOAT_EQ(at(grey, 4, 16, 0), at(grey, 4, 16, 2));
}

TEST(Augment, HueTurnsColourAndKeepsGrey) {
  const Pixels turned = apply({.hue_degrees = 90}, 3);
  EXPECT_GT(std::abs(at(turned, 4, 16, 1) - at(apply({}), 4, 16, 1)) +
                std::abs(at(turned, 4, 16, 2) - at(apply({}), 4, 16, 2)),
            0.05);
  EXPECT_FLOAT_EQ(at(turned, 28, 16, 0), 1);
  std::vector<std::uint8_t> grey(64 * 64 * 4, 128);
  for (std::size_t i = 3; i < grey.size(); i += 4) grey[i] = 255;
  const Drawing drawing = make_drawing(grey, 64, 64, 64, -1);
  const Pixels still = apply({.hue_degrees = 90}, 3, drawing);
  for (int channel = 0; channel < 3; ++channel) EXPECT_NEAR(at(still, 9, 9, channel), 2 * 128.0 / 255 - 1, 1e-4);
}

TEST(Augment, ColourChangesLeaveTheBackgroundAlone) {
  std::vector<std::uint8_t> rgba(64 * 64 * 4, 0);
  for (std::size_t i = 0; i < rgba.size() / 2; i += 4) {
    rgba[i] = 150;
    rgba[i + 1] = 100;
    rgba[i + 2] = 60;
    rgba[i + 3] = 255;
  }
  const Drawing upper_half = make_drawing(rgba, 64, 64, 64, -1);
  const Pixels before = apply({}, 8, upper_half);
  for (const Augmentation& change : {Augmentation{.saturation = 0.5F}, Augmentation{.brightness = 0.5F},
                                     Augmentation{.channel_gain = 0.5F}, Augmentation{.contrast = 0.5F}}) {
    const Pixels changed = apply(change, 8, upper_half);
    for (int channel = 0; channel < 3; ++channel) EXPECT_FLOAT_EQ(at(changed, 16, 28, channel), 1);
    EXPECT_GT(std::abs(at(changed, 16, 4, 0) - at(before, 16, 4, 0)), 0.01);
  }
}

TEST(Augment, CutoutCoversARectangle) {
  std::vector<std::uint8_t> nothing(64 * 64 * 4, 0);
  const Drawing empty = make_drawing(nothing, 64, 64, 64, -1);
  double covered = 0;
  for (std::uint64_t sample = 0; sample < 50; ++sample) {
    const Pixels cut = apply({.cutout = 1, .cutout_side = {0.25F, 0.25F}}, sample, empty);
    covered += static_cast<double>(std::ranges::count_if(cut, [](float v) { return v < 1; })) / (kPx * kPx * 3);
  }
  // 1/16 of the picture, less what lies outside: 0.875 of each side on average.
  EXPECT_NEAR(covered / 50, 0.0625 * 0.875 * 0.875, 0.01);
}

TEST(Augment, BlurSoftensEdgesAndKeepsTheSum) {
  const Pixels sharp = apply({});
  const Pixels soft = apply({.blur = 1, .blur_strength = {1, 1}});
  EXPECT_GT(at(soft, 16, 16, 1), -1.0F);
  EXPECT_LT(at(soft, 16, 16, 1), 1.0F);
  const auto sum = [](const Pixels& p) { return std::accumulate(p.begin(), p.end(), 0.0); };
  EXPECT_NEAR(sum(soft), sum(sharp), 1.5);
}

TEST(Augment, StrokesGrowOrShrinkByAPixelHalfOfTheTimeEach) {
  const double before = drawn(apply({}));
  int thicker = 0;
  int thinner = 0;
  for (std::uint64_t sample = 0; sample < 400; ++sample) {
    const double after = drawn(apply({.stroke = 0.5F}, sample));
    thicker += after > before ? 1 : 0;
    thinner += after < before ? 1 : 0;
  }
  EXPECT_NEAR(thicker, 100, 30);
  EXPECT_NEAR(thinner, 100, 30);
}

TEST(Augment, NoiseHasTheAskedStandardDeviation) {
  std::vector<std::uint8_t> grey(64 * 64 * 4, 128);
  for (std::size_t i = 3; i < grey.size(); i += 4) grey[i] = 255;
  const Pixels noisy = apply({.noise = 0.05F}, 0, make_drawing(grey, 64, 64, 64, -1));
  double mean = 0;
  double square = 0;
  for (const float v : noisy) {
    mean += v;
    square += static_cast<double>(v) * v;
  }
  mean /= static_cast<double>(noisy.size());
  EXPECT_NEAR(std::sqrt(square / static_cast<double>(noisy.size()) - mean * mean), 0.1, 0.005);
}

TEST(Drawing, IsCutToItsContentWithTheMargin) {
  std::vector<std::uint8_t> rgba(64 * 64 * 4, 0);
  for (std::size_t y = 30; y < 40; ++y) {
    for (std::size_t x = 10; x < 30; ++x) rgba[(y * 64 + x) * 4 + 3] = 255;
  }
  const Pixels pixels = apply({}, 0, make_drawing(rgba, 64, 64, 64, 0.1F));
  // 20 of 24 columns and 10 of 24 rows.
  EXPECT_NEAR(drawn(pixels), 20.0 * 10 / (24 * 24), 0.04);
  EXPECT_FLOAT_EQ(at(pixels, 0, 16, 0), 1);
  EXPECT_FLOAT_EQ(at(pixels, 16, 16, 0), -1);
}

TEST(Drawing, AnEmptyPictureStaysEmpty) {
  const std::vector<std::uint8_t> rgba(64 * 64 * 4, 0);
  const Pixels pixels = apply({}, 0, make_drawing(rgba, 64, 64, 64, 0.04F));
  EXPECT_TRUE(std::ranges::all_of(pixels, [](float v) { return v == 1; }));
}

}  // namespace
}  // namespace athanor::data
