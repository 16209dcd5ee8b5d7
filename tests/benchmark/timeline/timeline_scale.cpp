// The whole timeline of a run with many spans on its card, from a history that is in nobody's memory: until the first
// picture, and what frames take while one zooms from all of it to single spans and pans there. A frame is what the
// window's thread does from the gesture to the painted picture, with what answers meanwhile; 60 gestures a second.
//   timeline_scale FOLDER [--width 1440] [--pictures FOLDER]
// The limits beside it: 33 ms a frame, 2 s to open; and copying as many pixels as the picture has once.
#include "app/bridge/history_reader.h"
#include "app/controllers/timeline_controller.h"
#include "app/pages/live/timeline_card.h"
#include "widgets/timeline/timeline_view.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <QApplication>
#include <QImage>
#include <QWheelEvent>

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
#include <unistd.h>

namespace {

using namespace athanor;
using Clock = std::chrono::steady_clock;
constexpr auto kGesture = std::chrono::microseconds(16'667);
constexpr int kFrames = 90;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// Out of the operating system's memory, as far as it allows.
void forget(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY);
  ::fdatasync(fd);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
}

double resident_mib(const char* which) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(which)) return std::stod(line.substr(std::string(which).size())) / 1024;
  return 0;
}

class Screen {
 public:
  Screen(const std::filesystem::path& history, int width)
      : reader_(history), timeline_(&reader_), card_(&timeline_, nullptr) {
    QObject::connect(&timeline_, &app::TimelineController::whole_changed, [this] { ++wholes_; });
    QObject::connect(&timeline_, &app::TimelineController::window_changed, [this] { ++windows_; });
    card_.resize(width, 700);
    card_.show();
  }
  widgets::TimelineView& view() { return *card_.view(); }
  void open() {
    timeline_.open(1);
    wholes_ = 0;
    timeline_.refresh(std::nullopt);
  }
  void paint() {
    if (image_.size() != view().size()) image_ = QImage(view().size(), QImage::Format_ARGB32_Premultiplied);
    view().render(&image_);
  }
  double until_whole() {
    const auto begin = Clock::now();
    while (wholes_ == 0) QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 50);
    card_.resize(card_.width(), card_.sizeHint().height());
    QCoreApplication::processEvents();
    paint();
    return ms_since(begin);
  }
  // The fine picture of what is in sight; how long it takes from here.
  double until_window(int seen) {
    const auto begin = Clock::now();
    while (windows_ == seen && ms_since(begin) < 5000)
      QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 5);
    paint();
    return ms_since(begin);
  }
  [[nodiscard]] int windows() const { return windows_; }
  [[nodiscard]] const app::TimelineController& timeline() const { return timeline_; }
  [[nodiscard]] const QImage& image() const { return image_; }

  std::vector<double> frames(int count, const std::function<void(int)>& gesture) {
    std::vector<double> times;
    for (int i = 0; i < count; ++i) {
      const auto begin = Clock::now();
      gesture(i);
      QCoreApplication::processEvents();
      paint();
      times.push_back(ms_since(begin));
      std::this_thread::sleep_until(begin + kGesture);
    }
    return times;
  }
  void turn(int by) {
    const QPointF at(view().width() * 0.63, view().height() / 2.0);
    QWheelEvent wheel(at, view().mapToGlobal(at), {}, {0, 120 * by}, Qt::NoButton, Qt::ControlModifier,
                      Qt::NoScrollPhase, false);
    QApplication::sendEvent(&view(), &wheel);
  }
  void pan(double pixels) {
    const auto [from, to] = view().range();
    const double by = pixels / view().width() * (to - from);
    view().set_range(from + by, to + by);
  }

 private:
  app::HistoryReader reader_;
  app::TimelineController timeline_;
  app::TimelineCard card_;
  int wholes_ = 0, windows_ = 0;
  QImage image_;
};

void tell(const char* what, std::vector<double> times) {
  std::ranges::sort(times);
  const auto at = [&](double share) { return times[static_cast<std::size_t>(share * double(times.size() - 1))]; };
  fmt::print("{:<44} p50 {:6.1f} ms   p99 {:6.1f} ms   most {:6.1f} ms\n", what, at(0.5), at(0.99), times.back());
}

void keep(const Screen& screen, const std::filesystem::path& folder, const char* name) {
  if (!folder.empty()) screen.image().save(QString::fromStdString((folder / name).string()));
}

}  // namespace

int main(int count, char** words) {
  CLI::App options("Frames of a timeline with many spans");
  std::filesystem::path folder, pictures;
  int width = 1440;
  options.add_option("FOLDER", folder)->required();
  options.add_option("--width", width);
  options.add_option("--pictures", pictures, "Keeps what was painted");
  CLI11_PARSE(options, count, words);
  qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(count, words);
  const auto file = folder / "history.db";
  forget(file);
  const double before = resident_mib("VmRSS:");
  const auto begin = Clock::now();
  Screen screen(file, width);
  screen.open();
  screen.until_whole();
  const double opened = ms_since(begin);
  keep(screen, pictures, "whole.png");
  const auto& whole = screen.timeline().whole();
  fmt::print("{} spans in {} lanes over {:.0f} s, {} x {} pixels\n", whole.whole.spans, whole.lanes.size(),
             screen.timeline().seconds(), screen.view().width(), screen.view().height());
  fmt::print("{:<44} {:10.0f} ms   (must 2000)\n", "opened cold, until the first picture", opened);
  fmt::print("{:<44} {:10.0f} ms\n", "until it is as fine as the screen", screen.until_window(0));
  const double length = screen.timeline().seconds();
  tell("panning over the whole", screen.frames(kFrames, [&](int i) { screen.pan(i % 2 ? 7 : -7); }));
  tell("zooming in, to single spans", screen.frames(kFrames, [&](int) { screen.turn(1); }));
  keep(screen, pictures, "full_zoom.png");
  tell("zooming out again", screen.frames(kFrames, [&](int) { screen.turn(-1); }));
  std::vector<double> waits;
  for (const double share : {0.3, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6}) {
    screen.view().set_range(0.4 * length, (0.4 + share) * length);
    screen.until_window(screen.windows());
    keep(screen, pictures, fmt::format("share_{:g}.png", share).c_str());
    tell(fmt::format("panning with {:g} of it in sight", share).c_str(),
         screen.frames(kFrames, [&](int) { screen.pan(9); }));
    for (int i = 0; i < 5 && share < 0.1; ++i) {  // else it is at hand
      const int seen = screen.windows();
      screen.view().set_range((0.1 + 0.1 * i) * length, (0.1 + 0.1 * i + share) * length);
      waits.push_back(screen.until_window(seen));
    }
  }
  tell("somewhere else, until it is fine there", waits);
  const auto copied = Clock::now();
  for (int i = 0; i < 100; ++i) QImage copy = screen.image().copy();
  fmt::print("{:<44} {:10.2f} ms\n", "copying the picture once", ms_since(copied) / 100);
  fmt::print("{:<44} {:10.0f} MiB, at most {:.0f} MiB (before: {:.0f} MiB)\n", "memory", resident_mib("VmRSS:"),
             resident_mib("VmHWM:"), before);
  return 0;
}
