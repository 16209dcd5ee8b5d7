// Colours of all themes: read on every ground they stand on, by the ratio of the Web Content Accessibility Guidelines,
// and told apart by everybody.
#include "widgets/common/theme.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace athanor::widgets {
namespace {

using Triple = std::array<double, 3>;
using Matrix = std::array<Triple, 3>;

constexpr Role kGrounds[] = {Role::window, Role::sidebar, Role::surface, Role::raised};
constexpr Role kTexts[] = {Role::text, Role::muted, Role::accent, Role::good, Role::warning, Role::bad, Role::info};

Triple operator*(const Matrix& m, const Triple& v) {
  Triple out{};
  for (std::size_t i = 0; i < 3; ++i) out[i] = m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
  return out;
}

Triple linear(const QColor& color) {
  Triple out{color.redF(), color.greenF(), color.blueF()};
  for (double& v : out) v = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
  return out;
}

double contrast(const QColor& a, const QColor& b) {
  const auto luminance = [](const QColor& color) {
    const Triple rgb = linear(color);
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
  };
  const double x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

// Linear sRGB as seen without one kind of cone: Machado, Oliveira and Fernandes, A Physiologically-based Model for
// Simulation of Color Vision Deficiency, IEEE TVCG 15 (2009), severity 1.
struct Sight {
  const char* name;
  Matrix matrix;
};
const Sight kSights[] = {
    {"all cones", {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}},
    {"protanopia",
     {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}}},
    {"deuteranopia",
     {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}}},
    {"tritanopia",
     {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}}},
};

// CIELAB under D65.
Triple lab(const QColor& color, const Matrix& sight) {
  static constexpr Matrix kXyz{
      {{0.4124564, 0.3575761, 0.1804375}, {0.2126729, 0.7151522, 0.0721750}, {0.0193339, 0.1191920, 0.9503041}}};
  Triple seen = sight * linear(color);
  for (double& v : seen) v = std::clamp(v, 0.0, 1.0);
  const Triple xyz = kXyz * seen, white = kXyz * Triple{1, 1, 1};
  Triple f{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double share = xyz[i] / white[i];
    f[i] = share > 216.0 / 24389 ? std::cbrt(share) : (24389.0 / 27 * share + 16) / 116;
  }
  return {116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])};
}

double distance(const Triple& a, const Triple& b) { return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]); }

void expect_texts_readable(const Theme& theme, Role ground, double least) {
  for (const Role role : kTexts)
    EXPECT_GE(contrast(theme.color(role), theme.color(ground)), least)
        << static_cast<int>(role) << " on " << static_cast<int>(ground);
}

void expect_series_apart(const Theme& theme, double least) {
  for (const Sight& sight : kSights)
    for (int i = 0; i < kSeriesColours; ++i)
      for (int j = 0; j < i; ++j)
        EXPECT_GE(distance(lab(theme.series(i), sight.matrix), lab(theme.series(j), sight.matrix)), least)
            << sight.name << ": " << j << " and " << i;
}

TEST(Theme, TextIsReadableOnEveryGround) {
  for (const Theme* theme : {&light_theme(), &dark_theme(), &contrast_theme()}) {
    for (const Role ground : kGrounds) {
      expect_texts_readable(*theme, ground, 4.5);
      EXPECT_GE(contrast(theme->color(Role::text), theme->color(ground)), 7.0);
    }
    expect_texts_readable(*theme, Role::accent_soft, 4.5);
    EXPECT_GE(contrast(theme->color(Role::on_accent), theme->color(Role::accent)), 4.5);
    for (int i = 0; i < kSeriesColours; ++i)
      EXPECT_GE(contrast(theme->series(i), theme->color(Role::surface)), 3.0) << i;
  }
}

TEST(Theme, HighContrastIsSevenToOneForTextAlsoWhereItCannotBeUsedAndFourAndAHalfForLinesAndMarks) {
  const Theme& theme = contrast_theme();
  for (const Role ground : kGrounds) {
    expect_texts_readable(theme, ground, 7.0);
    EXPECT_GE(contrast(theme.color(Role::faint), theme.color(ground)), 7.0);
    for (const Role line : {Role::border, Role::grid})
      EXPECT_GE(contrast(theme.color(line), theme.color(ground)), 4.5) << static_cast<int>(line);
  }
  for (int i = 0; i < kSeriesColours; ++i) EXPECT_GE(contrast(theme.series(i), theme.color(Role::surface)), 4.5) << i;
  EXPECT_GE(contrast(theme.color(Role::text), theme.color(Role::accent_soft)), 7.0);
  EXPECT_GE(contrast(theme.color(Role::on_accent), theme.color(Role::accent)), 7.0);
  // What fills a track is seen before it.
  EXPECT_GE(contrast(theme.color(Role::accent), theme.color(Role::border)), 3.0);
}

TEST(Theme, CurvesAreToldApartWithoutOneKindOfCone) {
  expect_series_apart(light_theme(), 12);
  expect_series_apart(dark_theme(), 18);
  expect_series_apart(contrast_theme(), 28);
}

TEST(Theme, HighContrastDrawsThickerFrames) {
  EXPECT_GT(contrast_theme().hairline(), dark_theme().hairline());
  EXPECT_GT(contrast_theme().focus_line(), contrast_theme().hairline());
}

TEST(Theme, IsReadOffThePalette) {
  for (const Theme* theme : {&light_theme(), &dark_theme(), &contrast_theme()})
    EXPECT_EQ(&theme_for(theme->palette()), theme);
}

}  // namespace
}  // namespace athanor::widgets
