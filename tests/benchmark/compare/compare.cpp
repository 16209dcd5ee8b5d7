// The whole window over a history of very long runs: from the start of the program to all of them drawn over each
// other, then zooming, gesture by gesture, down to single samples. Drawn offscreen; wall-clock times, so a quiet
// machine is needed.
//   compare HOME [ZOOMS 5]
// HOME/history.db as fill_overlay makes it. It is dropped from memory first, as far as the operating system allows.
#include "app/bootstrap/workbench.h"
#include "app/controllers/compare_controller.h"
#include "app/controllers/history_controller.h"
#include "app/pages/compare/compare_curves.h"
#include "app/pages/compare/compare_page.h"
#include "app/shell/main_window.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/plot/plot_link.h"

#include <QApplication>
#include <QThread>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <random>
#include <unistd.h>

namespace {

using namespace athanor;
using namespace Qt::Literals::StringLiterals;
using Clock = std::chrono::steady_clock;
constexpr double kClosest = 200;  // steps in view at the end of a way
constexpr double kGesture = 0.8;  // of the view before

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// Notes how long one event keeps the thread of the window from all others.
class Watched final : public QApplication {
 public:
  using QApplication::QApplication;
  bool notify(QObject* receiver, QEvent* event) override {
    if (inside_) return QApplication::notify(receiver, event);
    inside_ = true;
    const auto begin = Clock::now();
    const bool done = QApplication::notify(receiver, event);
    blocked.push_back(ms_since(begin));
    inside_ = false;
    return done;
  }
  std::vector<double> blocked;

 private:
  bool inside_ = false;
};

void forget(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDONLY);
  ::fdatasync(fd);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
}

double status_mb(const char* what) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(what)) return std::stod(line.substr(line.find(':') + 1)) / 1024;
  return 0;
}

void report(const char* what, std::vector<double> times) {
  if (times.empty()) return;
  std::ranges::sort(times);
  const auto at = [&](double share) {
    return times[std::min(times.size() - 1, static_cast<std::size_t>(share * static_cast<double>(times.size())))];
  };
  std::printf("%-38s p50 %8.1f   p99 %8.1f   worst %8.1f ms\n", what, at(0.5), at(0.99), times.back());
}

class Scene {
 public:
  Scene(Watched& application, app::Workbench& workbench) : application_(application), workbench_(workbench) {}

  void open() {
    app::MainWindow& window = workbench_.window();
    window.resize(1440, 900);
    window.show();
    wait([&] { return workbench_.history().is_read(); });
    std::vector<store::RunId> runs;
    for (const store::Run& run : workbench_.history().runs()->runs()) runs.push_back(run.id);
    workbench_.compare().set_metrics({"train/loss"});
    workbench_.compare().compared()->set(runs);
    window.show_page(u"compare"_s);
    page_ = qobject_cast<app::ComparePage*>(window.page(u"compare"_s));
    page_->show_view(u"curves"_s);
    wait([&] { return page_->is_ready() && plot() && !plot()->curves().empty(); });
    wait([&] { return plot()->is_current(); });
    feed_ = plot()->findChild<app::CurveFeed*>();
    QObject::connect(feed_, &app::CurveFeed::detailed, feed_, [this] { detailed_ = true; });
  }

  void zoom(int ways, unsigned seed) {
    std::mt19937_64 random(seed);
    std::vector<double> answers, pictures, exact;
    const double steps = plot()->shown_x_range().second;
    for (int way = 0; way < ways; ++way) {
      const double centre = std::uniform_real_distribution<double>(0.05, 0.95)(random) * steps;
      for (double width = steps * kGesture; width > kClosest; width *= kGesture) {
        detailed_ = false;
        const auto begin = Clock::now();
        page_->curves()->link()->set_range(centre - width / 2, centre + width / 2);
        QApplication::processEvents();
        answers.push_back(ms_since(begin));
        wait([&] { return plot()->is_current(); });
        pictures.push_back(ms_since(begin));
        wait([&] { return detailed_ && plot()->is_current(); });
        exact.push_back(ms_since(begin));
      }
      page_->curves()->link()->reset_range();
      wait([&] { return plot()->is_current(); });
    }
    std::printf("zooming by %.1f, %zu gestures\n", kGesture, exact.size());
    report("  to the first answer", answers);
    report("  to a true picture of what is known", pictures);
    report("  to the exact picture", exact);
  }

  [[nodiscard]] std::size_t curves() const { return plot()->curves().size(); }

 private:
  widgets::MetricPlot* plot() const { return page_->curves()->plot("train/loss"); }
  void wait(const std::function<bool()>& holds) {
    while (!holds()) application_.processEvents(QEventLoop::WaitForMoreEvents, 1);
    application_.processEvents();
  }

  Watched& application_;
  app::Workbench& workbench_;
  app::ComparePage* page_ = nullptr;
  app::CurveFeed* feed_ = nullptr;
  bool detailed_ = false;
};

}  // namespace

int main(int count, char** words) {
  if (count < 2) {
    std::fprintf(stderr, "usage: compare HOME [ZOOMS]\n");
    return 2;
  }
  qputenv("QT_QPA_PLATFORM", "offscreen");
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string home = words[1];
  forget(home + "/history.db");
  const auto begin = Clock::now();
  Watched application(count, words);
  app::WorkbenchOptions options;
  options.home = home;
  options.remember = false;
  options.may_start_agent = false;
  app::Workbench workbench(options);
  workbench.start();
  Scene scene(application, workbench);
  scene.open();
  std::printf("%zu curves, nothing in memory: start of the program to the painted picture %.0f ms\n", scene.curves(),
              ms_since(begin));
  std::printf("resident %.0f MB, of these of the program itself %.0f MB\n", status_mb("VmRSS"), status_mb("RssAnon"));
  report("events of the window until then", std::exchange(application.blocked, {}));
  const int ways = count > 2 ? std::atoi(words[2]) : 5;
  scene.zoom(ways, 5);
  std::printf("the same ways again: ");
  scene.zoom(ways, 5);
  report("events of the window meanwhile", application.blocked);
  std::printf("resident %.0f MB, at most %.0f MB\n", status_mb("VmRSS"), status_mb("VmHWM"));
  std::printf("events longer than 50 ms: %td of %zu\n",
              std::ranges::count_if(application.blocked, [](double ms) { return ms > 50; }),
              application.blocked.size());
  return 0;
}
