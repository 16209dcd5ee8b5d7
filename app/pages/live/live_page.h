// One run, live or over: curves linked in x, device strips, plan against fact, probe queries, log; and stopping,
// resuming, forking it. GUI thread only; what it is given is not owned.
#pragma once

#include "app/pages/page.h"
#include "core/store/types.h"

#include <string>
#include <vector>

class QLabel;
class QProgressBar;
class QPushButton;
class QSlider;
class QStackedWidget;
class QVBoxLayout;

namespace athanor::widgets {
class BusyChip;
class ElidedLabel;
class EmptyPage;
class LogRing;
class MessageBar;
class MetricPlot;
class RetrievalBoard;
}  // namespace athanor::widgets

namespace athanor::app {

class ActionRegistry;
class AxisButton;
class HistoryController;
class LiveController;
class RunPictures;
class LivePlots;
class EventsCard;
class FaultMenu;
class RecoveriesCard;
class TimelineCard;
class PlanCheckCard;
class PageScroll;
class PictureLoader;
class Settings;

class LivePage final : public Page {
  Q_OBJECT
 public:
  LivePage(LiveController* live, HistoryController* history, PictureLoader* pictures, ActionRegistry* actions,
           Settings* settings, bool developer, QWidget* parent);
  [[nodiscard]] bool is_ready() const override;
  void entered() override;
  void left() override;
  [[nodiscard]] widgets::MetricPlot* plot(const std::string& id) const;
  [[nodiscard]] widgets::RetrievalBoard* board() const { return board_; }
  [[nodiscard]] widgets::LogRing* log_ring() const { return ring_; }
  void scroll_to_bottom();
  void scroll_to_board();
  void scroll_to_timeline();
  [[nodiscard]] TimelineCard* timeline() const { return timeline_; }
  [[nodiscard]] RecoveriesCard* recoveries() const { return recoveries_; }

 Q_SIGNALS:
  void new_requested();
  void fork_requested(qint64 run, qint64 step);
  void new_from_requested(qint64 run);
  // A sample reached the screen: how long after it was taken.
  void sample_drawn(const QString& metric, qint64 step, double milliseconds);

 protected:
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void add_actions();
  void build();
  void connect_signals();
  QWidget* build_header();
  QWidget* build_tools();
  void build_figures(QVBoxLayout* layout);
  void build_lower(QVBoxLayout* layout);
  void show_run();
  void show_state();
  void show_prospects(bool live);
  void show_curves();
  void show_occurrences();
  void show_board();
  void show_timeline();
  void show_faults();
  void choose_fork();

  LiveController* live_;
  HistoryController* history_;
  ActionRegistry* actions_;
  Settings* settings_;
  RunPictures* pictures_ = nullptr;
  QStackedWidget* stack_ = nullptr;
  widgets::EmptyPage* empty_ = nullptr;
  PageScroll* scroll_ = nullptr;
  QWidget* tools_ = nullptr;    // how curves are drawn
  QWidget* figures_ = nullptr;  // all that was measured
  QWidget* bare_ = nullptr;     // stands there where nothing was
  widgets::ElidedLabel* name_ = nullptr;
  QLabel* number_ = nullptr;
  widgets::BusyChip* chip_ = nullptr;
  widgets::ElidedLabel* progress_text_ = nullptr;
  QPushButton* stop_ = nullptr;
  QPushButton* resume_ = nullptr;
  QPushButton* fork_ = nullptr;
  FaultMenu* faults_ = nullptr;  // null but for developers
  QProgressBar* progress_ = nullptr;
  widgets::MessageBar* trouble_ = nullptr;
  AxisButton* axis_ = nullptr;
  QSlider* smoothing_ = nullptr;
  LivePlots* plots_ = nullptr;
  TimelineCard* timeline_ = nullptr;
  RecoveriesCard* recoveries_ = nullptr;
  PlanCheckCard* check_ = nullptr;
  EventsCard* events_ = nullptr;
  widgets::RetrievalBoard* board_ = nullptr;
  QWidget* board_card_ = nullptr;
  widgets::LogRing* ring_ = nullptr;
  bool shown_ = false;
};

}  // namespace athanor::app
