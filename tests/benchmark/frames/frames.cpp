// How long plots take from new numbers to the painted frame, and for how long the thread of the window cannot answer
// meanwhile; beside the same curves as graphs of QCustomPlot, the 16.7 ms of a screen that shows 60 frames a second,
// and filling the same pixels once. Drawn offscreen; wall-clock times, so a quiet machine is needed.
//   frames [ROUNDS 200]
#include "tests/benchmark/frames/graphs.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/plot/plot_canvas.h"
#include "widgets/plot/plot_link.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QGridLayout>
#include <QThread>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <utility>

namespace {

using namespace athanor::widgets;
constexpr int kVariants = 4;  // of every curve, so that all change from frame to frame
constexpr int kWarmUp = 5;
constexpr int kPause = 5;  // milliseconds

double now_ms() {
  static QElapsedTimer timer;
  if (!timer.isValid()) timer.start();
  return static_cast<double>(timer.nsecsElapsed()) * 1e-6;
}

double work_ms(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// Notes how long one event, or one call from outside, keeps the thread of the window from all others.
class Watched final : public QApplication {
 public:
  using QApplication::QApplication;
  bool notify(QObject* receiver, QEvent* event) override {
    bool done = false;
    if (std::exchange(inside_, true)) return QApplication::notify(receiver, event);
    busy([&] { done = QApplication::notify(receiver, event); });
    inside_ = false;
    return done;
  }
  void busy(const std::function<void()>& work) {
    const double begin = now_ms();
    work();
    longest_ = std::max(longest_, now_ms() - begin);
  }
  void begin() { longest_ = 0; }
  [[nodiscard]] double longest() const { return longest_; }

 private:
  bool inside_ = false;
  double longest_ = 0;
};

SharedColumns noise(std::mt19937& random, int columns) {
  std::normal_distribution<double> normal;
  const double lift = 0.4 * normal(random);
  CurveColumns out;
  out.reserve(static_cast<std::size_t>(columns));
  for (int i = 0; i < columns; ++i) {
    const double last = 2 + lift + 4 * std::exp(-5.0 * i / columns) + 0.08 * normal(random);
    out.append(
        {double(i), i * 0.5, last - 0.1 * std::abs(normal(random)), last + 0.1 * std::abs(normal(random)), last, last});
  }
  return share(std::move(out));
}

using Variants = std::vector<std::vector<Curve>>;

Variants variants_of(int curves, int columns, unsigned seed) {
  std::mt19937 random(seed);
  Variants out(kVariants);
  for (auto& variant : out)
    for (int c = 0; c < curves; ++c) {
      Curve curve;
      curve.id = c;
      curve.label = QStringLiteral("run-%1").arg(c);
      curve.colour = c;
      curve.columns = noise(random, columns);
      variant.push_back(curve);
    }
  return out;
}

struct Times {
  std::vector<double> ms;
  void add(double value) { ms.push_back(value); }
  void print(const char* what) {
    if (ms.empty()) return;
    std::ranges::sort(ms);
    const auto at = [&](double share) {
      return ms[std::min(ms.size() - 1, static_cast<std::size_t>(share * static_cast<double>(ms.size())))];
    };
    std::printf("  %-44s p50 %8.2f   p99 %8.2f   worst %8.2f ms\n", what, at(0.5), at(0.99), ms.back());
  }
};

struct Result {
  Times frame, longest, window, all;
  void print(const char* frame_name) {
    frame.print(frame_name);
    longest.print("longest that the window could not answer");
    window.print("work of its thread");
    all.print("work of all threads");
  }
};

// A window of plots, and how many of them have drawn what they were given.
class Panes {
 public:
  Panes(Watched& application, int across, int down, QSize size) : application_(application) {
    auto* grid = new QGridLayout(&window_);
    for (int i = 0; i < across * down; ++i) {
      auto* plot = new MetricPlot(QStringLiteral("Loss %1").arg(i), &window_);
      plot->set_link(&link_);
      QObject::connect(plot, &MetricPlot::drawn, plot, [this] { ++drawn_; });
      grid->addWidget(plot, i / across, i % across);
      plots_.push_back(plot);
      canvases_.push_back(plot->findChild<PlotCanvas*>());
    }
    window_.resize(size);
    window_.show();
  }
  [[nodiscard]] std::vector<MetricPlot*>& plots() { return plots_; }
  PlotLink& link() { return link_; }

  // New numbers everywhere, until they are painted.
  void give(const std::vector<Variants>& data, int round) {
    drawn_ = 0;
    application_.busy([&] {
      for (std::size_t p = 0; p < plots_.size(); ++p)
        plots_[p]->set_curves(data[p][static_cast<std::size_t>(round % kVariants)]);
    });
    while (drawn_ < static_cast<int>(plots_.size())) QApplication::processEvents(QEventLoop::WaitForMoreEvents);
    settle();
  }
  // What was replotted goes to the screen.
  static void settle() { QApplication::processEvents(); }
  // Until every plot shows exactly what its axes say.
  void wait_for_pictures() {
    const auto exact = [&] { return std::ranges::all_of(canvases_, &PlotCanvas::is_current); };
    while (!exact()) QApplication::processEvents(QEventLoop::WaitForMoreEvents);
    settle();
  }

 private:
  Watched& application_;
  PlotLink link_;
  QWidget window_;
  std::vector<MetricPlot*> plots_;
  std::vector<PlotCanvas*> canvases_;
  int drawn_ = 0;
};

// `after` belongs to the round, but not to its frame. Rounds come with pauses between, as data do.
Result measure(
    Watched& application, int rounds, const std::function<void(int)>& frame,
    const std::function<void()>& after = [] {}) {
  Result out;
  for (int round = -kWarmUp; round < rounds; ++round) {
    application.begin();
    const double begin = now_ms();
    const double window = work_ms(CLOCK_THREAD_CPUTIME_ID), all = work_ms(CLOCK_PROCESS_CPUTIME_ID);
    frame(round + kWarmUp);
    const double took = now_ms() - begin;
    after();
    if (round >= 0) {
      out.frame.add(took);
      out.longest.add(application.longest());
      out.window.add(work_ms(CLOCK_THREAD_CPUTIME_ID) - window);
      out.all.add(work_ms(CLOCK_PROCESS_CPUTIME_ID) - all);
    }
    QThread::msleep(kPause);
  }
  return out;
}

void measure_gestures(Watched& application, Panes& panes, int rounds) {
  const double whole = panes.plots()[0]->shown_x_range().second;
  const auto pan = [&](int round) {
    const double from = whole * 0.5 * round / (rounds + kWarmUp);
    application.busy([&] { panes.link().set_range(from, from + whole * 0.4); });
    Panes::settle();
  };
  const auto zoom = [&](int round) {
    const double share = std::pow(0.97, round % 100);
    application.busy([&] { panes.link().set_range(whole * 0.5 * (1 - share), whole * (0.5 + 0.5 * share)); });
    Panes::settle();
  };
  const auto exact = [&] { panes.wait_for_pictures(); };
  measure(application, rounds, pan, exact).print("panning, to the first answer");
  measure(application, rounds, [&](int round) { pan(round), exact(); }).frame.print("panning, to the exact picture");
  measure(application, rounds, zoom, exact).print("zooming, to the first answer");
  measure(application, rounds, [&](int round) { zoom(round), exact(); }).frame.print("zooming, to the exact picture");
  panes.link().reset_range();
  exact();
}

void measure_panes(Watched& application, const char* title, int across, int down, QSize size, int curves, int columns,
                   int rounds) {
  std::vector<Variants> data;
  for (int p = 0; p < across * down; ++p) data.push_back(variants_of(curves, columns, static_cast<unsigned>(p)));
  Panes panes(application, across, down, size);
  panes.give(data, 0);
  std::printf("%s, in %d x %d pixels, plots %d pixels wide, %d frames\n", title, size.width(), size.height(),
              panes.plots()[0]->useful_columns(), rounds);
  measure(application, rounds, [&](int round) { panes.give(data, round); }).print("all curves changed, to painted");
  measure_gestures(application, panes, rounds);
}

void measure_graphs(int panes, QSize size, int curves, int columns, int rounds) {
  std::vector<Variants> data;
  std::vector<std::unique_ptr<GraphCanvas>> canvases;
  for (int p = 0; p < panes; ++p) {
    data.push_back(variants_of(curves, columns, static_cast<unsigned>(p)));
    canvases.push_back(std::make_unique<GraphCanvas>());
    canvases.back()->resize(size);
    canvases.back()->show();
  }
  Result result;
  for (int round = 0; round < rounds; ++round) {
    const double begin = now_ms();
    for (std::size_t p = 0; p < canvases.size(); ++p) {
      canvases[p]->set_curves(data[p][static_cast<std::size_t>(round % kVariants)]);
      canvases[p]->replot(QCustomPlot::rpImmediateRefresh);
    }
    Panes::settle();
    if (round > 0) result.frame.add(now_ms() - begin);
  }
  result.frame.print("peer: as graphs of QCustomPlot");
}

void measure_filling(QSize size) {
  QImage image(size, QImage::Format_ARGB32_Premultiplied);
  Times times;
  for (int round = 0; round < 50; ++round) {
    const double begin = now_ms();
    QPainter painter(&image);
    painter.fillRect(image.rect(), round % 2 == 0 ? Qt::white : Qt::lightGray);
    painter.end();
    times.add(now_ms() - begin);
  }
  times.print("filling as many pixels once");
}

}  // namespace

int main(int count, char** words) {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  Watched application(count, words);
  const int rounds = count > 1 ? std::atoi(words[1]) : 200;
  const int peer_rounds = count > 2 ? std::atoi(words[2]) : 8;
  const QSize full(1920, 1080);
  measure_panes(application, "8 plots of 64 curves of 700 columns", 2, 4, full, 64, 700, rounds);
  measure_graphs(8, {940, 250}, 64, 700, peer_rounds);
  measure_filling(full);
  measure_panes(application, "1 plot of 1,000 curves of 1,000 columns", 1, 1, {1080, 720}, 1000, 1000, rounds);
  if (std::getenv("NOPEER") == nullptr) measure_graphs(1, {1060, 700}, 1000, 1000, peer_rounds);
  measure_filling({1080, 720});
  measure_panes(application, "8 plots of 4 curves of 700 columns", 2, 4, full, 4, 700, rounds);
  measure_graphs(8, {940, 250}, 4, 700, peer_rounds);
  return 0;
}
