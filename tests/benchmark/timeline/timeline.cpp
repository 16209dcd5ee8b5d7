// What a frame of the timeline takes of the processor while one zooms and pans over many bars, beside the 16.7 ms of a
// screen that shows 60 frames a second and beside filling as many pixels once. By the clock of this thread's own work,
// whoever else has the cores.
//   timeline [BARS 100000] [ROUNDS 31]
#include "widgets/timeline/timeline_view.h"

#include <QApplication>
#include <QImage>
#include <QPainter>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>

namespace {

using namespace athanor::widgets;
constexpr int kRows = 16;

TimelineData bars_of(int count) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> length(0.2e-3, 2e-3);
  TimelineData data;
  data.kinds = {{QStringLiteral("forward"), QStringLiteral("F"), 0, BarPattern::solid},
                {QStringLiteral("backward"), QStringLiteral("B"), 1, BarPattern::rising},
                {QStringLiteral("weights"), QStringLiteral("W"), 2, BarPattern::falling}};
  for (int row = 0; row < kRows; ++row) {
    TimelineRow out{QStringLiteral("Rank %1").arg(row / 2), {}, row % 2 == 0, -1, {}};
    double at = 0;
    for (int i = 0; i < count / kRows; ++i) {
      const double end = at + length(random);
      out.bars.push_back({i % 3, i % 64, row / 2, at, end});
      at = end + length(random) / 10;
    }
    data.rows.push_back(std::move(out));
  }
  return data;
}

double cpu_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

double median_ms(int rounds, const std::function<void(int)>& work) {
  std::vector<double> times;
  for (int round = 0; round <= rounds; ++round) {
    const double begin = cpu_ms();
    work(round);
    if (round > 0) times.push_back(cpu_ms() - begin);
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

}  // namespace

int main(int count, char** words) {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(count, words);
  const int bars = count > 1 ? std::atoi(words[1]) : 100'000;
  const int rounds = count > 2 ? std::atoi(words[2]) : 31;
  TimelineView view(QStringLiteral("Timeline"));
  view.set_data(bars_of(bars));
  view.resize(1400, view.sizeHint().height());
  QImage image(view.size(), QImage::Format_ARGB32_Premultiplied);
  const double whole = view.range().second;
  std::printf("%d bars in %d rows, %d x %d pixels, median of %d frames\n", bars, kRows, view.width(), view.height(),
              rounds);
  for (const double share : {1.0, 0.5, 0.1, 0.01}) {
    const double frame = median_ms(rounds, [&](int round) {
      const double from = (whole * (1 - share)) * round / (rounds + 1);
      view.set_range(from, from + whole * share * (1 - 1e-3 * round));  // each frame another range
      view.render(&image);
    });
    std::printf("%5.0f %% in sight: %6.2f ms a frame\n", 100 * share, frame);
  }
  const double fill = median_ms(rounds, [&](int) {
    QPainter painter(&image);
    painter.fillRect(image.rect(), Qt::white);
  });
  std::printf("filling the same pixels once: %.2f ms\n", fill);
  return 0;
}
