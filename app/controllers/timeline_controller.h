// What the ranks of one run did over its whole time: all of it coarsely, and finely what is in sight. Asked for windows
// it reads them one at a time, the newest wish next, and tells when they are there. Seconds count from the first span.
// GUI thread only; the reader is not owned.
#pragma once

#include "app/bridge/history_reader.h"
#include "app/feedback/notice.h"
#include "core/store/timeline.h"

#include <QTimer>

#include <memory>
#include <optional>
#include <utility>

namespace athanor::app {

class TimelineController final : public QObject {
  Q_OBJECT
 public:
  explicit TimelineController(HistoryReader* reader, QObject* parent = nullptr);

  void open(store::RunId run);  // what was known of another is forgotten
  // More was told. `newest`: where its newest step lies, on the run's axis; it is read finely until something else is
  // wanted.
  void refresh(std::optional<std::pair<std::int64_t, std::int64_t>> newest);
  void want(double from, double to, int columns);  // of nothing, while nothing is there

  [[nodiscard]] bool is_empty() const { return whole_.lanes.empty(); }
  [[nodiscard]] std::int64_t origin_ns() const { return whole_.whole.begin_ns; }
  [[nodiscard]] double seconds() const;  // of all
  [[nodiscard]] const store::TimelineWindow& whole() const { return whole_; }
  // Nothing: none was wanted, or it is not there yet.
  [[nodiscard]] const std::optional<store::TimelineWindow>& window() const { return window_; }

  // As a trace for Perfetto and Chrome; `range` in seconds, nothing: all. `folder` is the run's.
  void save_trace(const QString& folder, const QString& file, std::optional<std::pair<double, double>> range);

 Q_SIGNALS:
  void whole_changed();
  void window_changed();
  void answered();
  void notice(const athanor::app::Notice& notice);

 private:
  struct Wish {
    double from = 0, to = 0;
    int columns = 0;
  };
  void read_whole();
  void read_window();

  HistoryReader* reader_;
  std::unique_ptr<JobThread> saver_;  // made when a trace is saved
  store::RunId run_ = 0;
  QTimer pulse_;
  bool stale_ = false;
  bool reading_whole_ = false, reading_window_ = false;
  std::optional<Wish> wish_;   // of the window that is there, or to come
  bool wish_is_open_ = false;  // it was not asked for yet
  std::optional<std::pair<std::int64_t, std::int64_t>> newest_;
  store::TimelineWindow whole_;
  std::optional<store::TimelineWindow> window_;
};

}  // namespace athanor::app
