#include "app/controllers/timeline_controller.h"

#include "core/timeline/chrome_trace.h"

#include <cmath>
#include <filesystem>

namespace athanor::app {
namespace {

constexpr int kPulseMs = 400;
constexpr int kWholeColumns = 1500;
constexpr int kNewestColumns = 3000;
constexpr std::int64_t kAllTime = std::int64_t{1} << 61;
constexpr double kNanoseconds = 1e9;

struct Read {
  store::TimelineWindow whole;
  std::optional<store::TimelineWindow> window;
};

// The newest step with as much time on both sides.
Result<store::TimelineWindow> read_around(store::Reader& reader, store::RunId run,
                                          const std::pair<std::int64_t, std::int64_t>& step) {
  const std::int64_t margin = (step.second - step.first) / 2;
  return reader.timeline(run, step.first - margin, step.second + margin, kNewestColumns);
}

}  // namespace

TimelineController::TimelineController(HistoryReader* reader, QObject* parent) : QObject(parent), reader_(reader) {
  pulse_.setSingleShot(true);
  pulse_.setInterval(kPulseMs);
  connect(&pulse_, &QTimer::timeout, this, [this] {
    if (stale_) read_whole();
  });
}

double TimelineController::seconds() const {
  return static_cast<double>(whole_.whole.end_ns - whole_.whole.begin_ns) / kNanoseconds;
}

void TimelineController::open(store::RunId run) {
  run_ = run;
  whole_ = {};
  window_.reset();
  wish_.reset();
  newest_.reset();
  stale_ = wish_is_open_ = reading_whole_ = reading_window_ = false;
  Q_EMIT whole_changed();
}

void TimelineController::refresh(std::optional<std::pair<std::int64_t, std::int64_t>> newest) {
  newest_ = newest;
  stale_ = true;
  if (!pulse_.isActive() && !reading_whole_) read_whole();
}

void TimelineController::read_whole() {
  if (run_ == 0 || reading_whole_) return;
  stale_ = false;
  reading_whole_ = true;
  reader_->ask<Read>(
      this, QStringLiteral("live/timeline_whole"),
      [id = run_, newest = wish_ ? std::nullopt : newest_](store::Reader& reader) -> Result<Read> {
        auto whole = reader.timeline(id, -kAllTime, kAllTime, kWholeColumns);
        if (!whole) return tl::unexpected<Error>(whole.error());
        Read out{std::move(*whole), std::nullopt};
        if (!newest || out.whole.lanes.empty()) return out;
        auto window = read_around(reader, id, *newest);
        if (!window) return tl::unexpected<Error>(window.error());
        out.window = std::move(*window);
        return out;
      },
      [this, id = run_](Result<Read> read) {
        if (id != run_) return;
        reading_whole_ = false;
        pulse_.start();
        if (read) {
          whole_ = std::move(read->whole);
          if (read->window && !wish_) window_ = std::move(read->window);
          Q_EMIT whole_changed();
          wish_is_open_ = wish_is_open_ || wish_.has_value();
          read_window();
        } else {
          Q_EMIT notice(notice_of(read.error()));
        }
        Q_EMIT answered();
      });
}

void TimelineController::want(double from, double to, int columns) {
  if (is_empty()) return;
  wish_ = Wish{from, to, columns};
  wish_is_open_ = true;
  read_window();
}

void TimelineController::read_window() {
  if (!wish_ || !wish_is_open_ || reading_window_ || is_empty()) return;
  wish_is_open_ = false;
  reading_window_ = true;
  const auto place = [origin = origin_ns()](double seconds) {
    return origin + static_cast<std::int64_t>(std::llround(seconds * kNanoseconds));
  };
  reader_->ask<store::TimelineWindow>(
      this, QStringLiteral("live/timeline_window"),
      [id = run_, from = place(wish_->from), to = place(wish_->to), columns = wish_->columns](store::Reader& reader) {
        return reader.timeline(id, from, to, columns);
      },
      [this, id = run_](Result<store::TimelineWindow> window) {
        if (id != run_) return;
        reading_window_ = false;
        if (window) {
          window_ = std::move(*window);
          Q_EMIT window_changed();
        } else {
          Q_EMIT notice(notice_of(window.error()));
        }
        read_window();
      });
}

void TimelineController::save_trace(const QString& folder, const QString& file,
                                    std::optional<std::pair<double, double>> range) {
  timeline::TraceRange wanted;
  if (range) {
    wanted.begin_ns = origin_ns() + static_cast<std::int64_t>(range->first * kNanoseconds);
    wanted.end_ns = origin_ns() + static_cast<std::int64_t>(range->second * kNanoseconds);
  }
  if (!saver_) saver_ = std::make_unique<JobThread>();
  saver_->post(this, {}, [this, wanted, from = s(folder), to = s(file)](const std::stop_token&) -> JobThread::Deliver {
    auto written = timeline::write_chrome_trace(from, to, wanted);
    return [this, written = std::move(written), to] {
      if (!written) {
        Q_EMIT notice(notice_of(written.error()));
        return;
      }
      Notice done;
      done.kind = NoticeKind::good;
      done.intention = tr("%n span(s) written to %1", nullptr, static_cast<int>(written->spans)).arg(q(to));
      Q_EMIT notice(done);
    };
  });
}

}  // namespace athanor::app
