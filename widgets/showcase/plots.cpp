#include "widgets/showcase/plots.h"

#include "widgets/plot/metric_plot.h"
#include "widgets/plot/plot_link.h"

#include <QGridLayout>

#include <cmath>
#include <random>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;

struct Shape {
  int columns = 700;
  double lift = 1, drop = 4, pace = 4, noise = 0.1, spread = 0.1;
  double smoothing = 0;
};

// A loss that falls, told as columns of several samples each.
SharedColumns falling(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  CurveColumns out;
  double smooth = 0;
  double weight = 0;
  for (int i = 0; i < shape.columns; ++i) {
    const double progress = static_cast<double>(i) / shape.columns;
    const double last = shape.lift + shape.drop * std::exp(-progress * shape.pace) + shape.noise * normal(random);
    smooth = shape.smoothing * smooth + (1 - shape.smoothing) * last;
    weight = shape.smoothing * weight + 1 - shape.smoothing;
    const double least = last - shape.spread * std::abs(normal(random));
    const double greatest = last + shape.spread * std::abs(normal(random));
    out.append({i * 10.0, i * 4.0, least, greatest, last, smooth / weight, i == shape.columns / 2 ? 1U : 0U});
  }
  return share(std::move(out));
}

Curve curve(const QString& label, int colour, const Shape& shape, unsigned seed) {
  Curve out;
  out.id = static_cast<std::int64_t>(seed);
  out.label = label;
  out.colour = colour;
  out.columns = falling(shape, seed);
  return out;
}

std::vector<Curve> sweep(int count, bool one_colour) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> share(0, 1);
  std::vector<Curve> out;
  for (int i = 0; i < count; ++i) {
    const Shape shape{.columns = 500,
                      .lift = 0.6 + 1.2 * share(random) * share(random),
                      .drop = 3.5 + share(random),
                      .pace = 3 + 6 * share(random),
                      .noise = 0.05,
                      .spread = i % 97 == 13 ? 0.6 : 0.05};
    out.push_back(curve(u"run-%1"_s.arg(i), one_colour ? 0 : i, shape, static_cast<unsigned>(i)));
  }
  return out;
}

MetricPlot* plot(const QString& title, std::vector<Curve> curves, QWidget* window) {
  auto* out = new MetricPlot(title, window);
  out->set_curves(std::move(curves));
  return out;
}

}  // namespace

void fill_with_plots(QGridLayout* grid, QWidget* window) {
  const Shape plain{.noise = 0.06, .spread = 0.15};
  const Shape sparse{.columns = 40, .lift = 1.4, .noise = 0.04, .spread = 0.12};
  grid->addWidget(plot(u"Few"_s, {curve(u"training"_s, 0, plain, 1), curve(u"evaluation"_s, 1, sparse, 2)}, window), 0,
                  0);
  const Shape rough{.noise = 0.35, .spread = 0.2, .smoothing = 0.95};
  Shape calmer = rough;
  calmer.lift = 1.8;
  grid->addWidget(
      plot(u"Smoothed"_s, {curve(u"training"_s, 0, rough, 3), curve(u"evaluation"_s, 1, calmer, 4)}, window), 0, 1);

  std::vector<Curve> styles;
  for (int i = 0; i < 6; ++i) {
    styles.push_back(curve(u"variant %1"_s.arg(i), i,
                           {.columns = 60, .lift = 0.5 + 0.5 * i, .noise = 0.05, .spread = 0.0},
                           static_cast<unsigned>(10 + i)));
    styles.back().dash = static_cast<Dash>(1 + i % 4);
  }
  grid->addWidget(plot(u"Dashes"_s, styles, window), 1, 0);
  std::vector<Curve> ranked = sweep(24, false);
  for (Curve& one : ranked) one.emphasis = Emphasis::faded;
  ranked[3].emphasis = Emphasis::baseline;
  ranked[3].label = u"baseline"_s;
  ranked[8].emphasis = ranked[12].emphasis = Emphasis::pinned;
  grid->addWidget(plot(u"Baseline and pinned"_s, ranked, window), 1, 1);

  auto* logarithmic =
      plot(u"Logarithmic in both"_s,
           {curve(u"training"_s, 0, {.lift = 0.02, .pace = 12, .noise = 0.002, .spread = 0.004}, 40)}, window);
  logarithmic->set_logarithmic(true);
  auto* link = new PlotLink(window);
  logarithmic->set_link(link);
  link->set_logarithmic_x(true);
  grid->addWidget(logarithmic, 2, 0);
  grid->addWidget(plot(u"64 runs"_s, sweep(64, false), window), 2, 1);
  grid->addWidget(plot(u"1,000 runs"_s, sweep(1000, true), window), 3, 0);
  grid->addWidget(plot(u"1,000 runs in eight colours"_s, sweep(1000, false), window), 3, 1);
}

}  // namespace athanor::widgets
