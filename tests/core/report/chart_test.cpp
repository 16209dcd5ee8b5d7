// Plots as SVG.
#include "core/report/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

namespace athanor::report {
namespace {

using testing::HasSubstr;
using testing::Not;

store::Bucket bucket(std::int64_t step, double low, double high) {
  store::Bucket bucket;
  bucket.first_step = step;
  bucket.last_step = step + 9;
  bucket.minimum = low;
  bucket.maximum = bucket.last = high;
  bucket.count = 10;
  return bucket;
}

TEST(Chart, HoldsABandAndALineInsideItsFrame) {
  const std::vector<ChartCurve> curves = {{0, {bucket(0, 1, 2), bucket(10, 0.5, 1.5), bucket(20, 0.25, 0.5)}}};
  const std::string svg = chart_svg("train/loss", curves);
  EXPECT_THAT(svg, HasSubstr("<polygon"));
  EXPECT_THAT(svg, HasSubstr("<polyline"));
  int points = 0;
  for (std::size_t at = svg.find("points=\""); at != std::string::npos; at = svg.find("points=\"", at + 1)) {
    std::istringstream pairs(svg.substr(at + 8, svg.find('"', at + 8) - at - 8));
    double x = 0, y = 0;
    for (char comma = 0; pairs >> x >> comma >> y; ++points) {
      EXPECT_LE(x, 440.0);
      EXPECT_LE(y, 220.0);
    }
  }
  EXPECT_EQ(points, 2 * 6 + 3);
}

TEST(Chart, HasAGapWhereNothingIsFinite) {
  store::Bucket nothing = bucket(10, 0, 0);
  nothing.minimum = nothing.maximum = nothing.last = std::nan("");
  const std::vector<ChartCurve> curves = {{0, {bucket(0, 1, 2), nothing, bucket(20, 1, 2)}}};
  const std::string svg = chart_svg("x", curves);
  const std::string line = "<polyline";
  int lines = 0;
  for (std::size_t at = svg.find(line); at != std::string::npos; at = svg.find(line, at + 1)) ++lines;
  EXPECT_EQ(lines, 2);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_EQ(chart_svg("x", std::vector<ChartCurve>{{0, {nothing}}}), "");
}

TEST(Chart, StaysInBoundsForNumbersOfAnySize) {
  const double huge = std::numeric_limits<double>::max();
  for (const auto& [low, high] :
       {std::pair(-huge, huge), {0.0, 0.0}, {5e-324, 1e-323}, {1.0, std::nextafter(1.0, 2.0)}, {huge, huge}}) {
    const std::vector<ChartCurve> curves = {{0, {bucket(0, low, high), bucket(std::int64_t{1} << 53, low, high)}}};
    const std::string svg = chart_svg("x", curves);
    EXPECT_THAT(svg, Not(HasSubstr("nan"))) << low;
    EXPECT_THAT(svg, Not(HasSubstr("inf"))) << low;
  }
}

TEST(Chart, TellsNamesThatLookLikeMarkup) {
  EXPECT_EQ(escaped("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
  EXPECT_THAT(chart_svg("\"><script>", std::vector<ChartCurve>{{0, {bucket(0, 1, 2)}}}), Not(HasSubstr("<script>")));
}

TEST(Chart, TellsManyRunsApart) {
  std::vector<std::string> looks;
  for (std::size_t i = 0; i < 24; ++i) looks.push_back(colour_of(i) + dashes_of(i));
  std::ranges::sort(looks);
  EXPECT_EQ(std::ranges::adjacent_find(looks), looks.end());
}

}  // namespace
}  // namespace athanor::report
