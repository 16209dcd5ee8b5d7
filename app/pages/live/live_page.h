// One run, live or over: curves linked in x, device strips, plan against fact, probe queries, log; and stopping,
// resuming, forking it. GUI thread only; what it is given is not owned.
#pragma once

#include "app/pages/page.h"
#include "core/store/types.h"

#include <map>
#include <string>
#include <vector>

class QLabel;
class QProgressBar;
class QSlider;
class QStackedWidget;
class QTableWidget;
class QToolButton;
class QVBoxLayout;

namespace athanor::widgets {
class BusyChip;
class ElidedLabel;
class EmptyPage;
class FlowLayout;
class LogRing;
class MessageBar;
class MetricPlot;
class PlotLink;
class RetrievalBoard;
class UtilisationStrip;
}  // namespace athanor::widgets

namespace athanor::app {

class ActionRegistry;
class HistoryController;
class LiveController;
class LivePictures;
class PageScroll;
class PictureLoader;
class Settings;

class LivePage final : public Page {
  Q_OBJECT
 public:
  LivePage(LiveController* live, HistoryController* history, PictureLoader* pictures, ActionRegistry* actions,
           Settings* settings, QWidget* parent);
  [[nodiscard]] bool is_ready() const override;
  void entered() override;
  void left() override;
  [[nodiscard]] widgets::MetricPlot* plot(const std::string& id) const;
  [[nodiscard]] widgets::RetrievalBoard* board() const { return board_; }
  [[nodiscard]] widgets::LogRing* log_ring() const { return ring_; }
  void scroll_to_bottom();
  void scroll_to_board();

 Q_SIGNALS:
  void new_requested();
  void runs_requested();
  void fork_requested(qint64 run, qint64 step);
  void new_from_requested(qint64 run);
  // A sample reached the screen: how long after it was taken.
  void sample_drawn(const QString& metric, qint64 step, double milliseconds);

 protected:
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void add_actions();
  QWidget* build_header();
  QWidget* build_tools();
  void build_plots(QVBoxLayout* layout);
  void build_lower(QVBoxLayout* layout);
  void show_run();
  void show_state();
  void show_prospects(bool live);
  void show_curves();
  void show_extent(double last_step, double last_second);
  void show_strips();
  void show_occurrences();
  void show_plan_check();
  void show_board();
  void show_faults();
  void note_drawn(const std::string& id);
  void choose_fork();

  LiveController* live_;
  HistoryController* history_;
  ActionRegistry* actions_;
  Settings* settings_;
  LivePictures* pictures_ = nullptr;
  QStackedWidget* stack_ = nullptr;
  widgets::EmptyPage* empty_ = nullptr;
  PageScroll* scroll_ = nullptr;
  QWidget* tools_ = nullptr;    // how curves are drawn
  QWidget* figures_ = nullptr;  // all that was measured
  QWidget* bare_ = nullptr;     // stands there where nothing was
  widgets::ElidedLabel* name_ = nullptr;
  widgets::BusyChip* chip_ = nullptr;
  widgets::ElidedLabel* progress_text_ = nullptr;
  QProgressBar* progress_ = nullptr;
  widgets::MessageBar* trouble_ = nullptr;
  QToolButton* time_axis_ = nullptr;
  QSlider* smoothing_ = nullptr;
  widgets::PlotLink* link_ = nullptr;
  std::map<std::string, widgets::MetricPlot*> plots_;
  std::map<std::string, std::int64_t> newest_ns_;  // of what a plot was given last
  std::map<std::string, std::int64_t> drawn_ns_;   // of what it has drawn
  std::map<std::string, widgets::UtilisationStrip*> strips_;
  QWidget* strip_box_ = nullptr;
  widgets::FlowLayout* strip_flow_ = nullptr;
  QWidget* check_card_ = nullptr;
  QTableWidget* check_ = nullptr;
  QLabel* check_empty_ = nullptr;
  QTableWidget* events_ = nullptr;
  widgets::RetrievalBoard* board_ = nullptr;
  QWidget* board_card_ = nullptr;
  widgets::LogRing* ring_ = nullptr;
  bool shown_ = false;
};

}  // namespace athanor::app
