// What the ranks of a run did over its whole time, its newest step in sight until somebody looks elsewhere, beside what
// was predicted of that step, with its figures and the ranks that are slow. Runs of which only the newest steps are
// known show that step alone. Hidden while there is nothing to show. GUI thread only; the controller is not owned.
#pragma once

#include "app/pages/parts/page_parts.h"
#include "core/store/types.h"
#include "core/timeline/step_picture.h"
#include "widgets/timeline/timeline_values.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

class QMenu;
class QToolButton;

namespace athanor::widgets {
class FlowLayout;
class TimelineLegend;
class TimelineView;
}  // namespace athanor::widgets

namespace athanor::app {

class TimelineController;

class TimelineCard final : public Card {
  Q_OBJECT
 public:
  TimelineCard(TimelineController* timeline, QWidget* parent);
  void begin_run();  // another one: its newest step is in sight again
  void show_timeline(const std::optional<timeline::StepPicture>& picture,
                     const std::vector<store::Occurrence>& occurrences);
  // `last`: the newest value of every metric of the run.
  void show_figures(const std::optional<timeline::StepPicture>& picture, const std::map<std::string, double>& last);
  [[nodiscard]] widgets::TimelineView* view() const { return view_; }
  [[nodiscard]] QStringList figure_texts() const;
  [[nodiscard]] bool is_following() const { return following_; }

 Q_SIGNALS:
  // Wall-clock nanoseconds; both 0: nothing is selected any more.
  void range_selected(qint64 begin_ns, qint64 end_ns);
  // A trace is wanted: of these seconds, or of all where both are 0.
  void trace_wanted(const QString& file, double from, double to);

 private:
  struct Block {
    QWidget* box;
    QLabel *caption, *value, *detail;
  };
  Block& block(std::size_t index);
  QWidget* build_tools();
  void build_menu();
  void connect_view();
  void show_rows();
  void show_window();
  void set_following(bool on);
  void follow();
  void ask_where_to_save(bool all);

  TimelineController* timeline_;

  QWidget* figures_ = nullptr;
  widgets::FlowLayout* flow_ = nullptr;
  std::vector<Block> blocks_;
  widgets::TimelineLegend* legend_ = nullptr;
  QScrollArea* scroll_ = nullptr;
  widgets::TimelineView* view_ = nullptr;
  QWidget* tools_ = nullptr;
  QToolButton* newest_ = nullptr;
  QToolButton* menu_button_ = nullptr;
  QLabel* slow_ = nullptr;  // which ranks are
  std::optional<timeline::StepPicture> picture_;
  std::vector<store::Occurrence> occurrences_;
  std::set<journal::SpanKind> kinds_;  // that the whole run has
  bool following_ = true;
};

}  // namespace athanor::app
