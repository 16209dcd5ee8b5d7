// One step of a run as its ranks did it, beside what was predicted, with its figures and the ranks that are slow.
// Hidden while there is no step to show. GUI thread only.
#pragma once

#include "app/pages/parts/page_parts.h"
#include "core/store/types.h"
#include "core/timeline/step_picture.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace athanor::widgets {
class FlowLayout;
class TimelineLegend;
class TimelineView;
}  // namespace athanor::widgets

namespace athanor::app {

class TimelineCard final : public Card {
  Q_OBJECT
 public:
  explicit TimelineCard(QWidget* parent);
  void show_step(const std::optional<timeline::StepPicture>& picture,
                 const std::vector<store::Occurrence>& occurrences);
  // `last`: the newest value of every metric of the run.
  void show_figures(const std::optional<timeline::StepPicture>& picture, const std::map<std::string, double>& last);
  [[nodiscard]] widgets::TimelineView* view() const { return view_; }
  [[nodiscard]] QStringList figure_texts() const;

 private:
  struct Block {
    QWidget* box;
    QLabel *caption, *value, *detail;
  };
  Block& block(std::size_t index);

  QWidget* figures_ = nullptr;
  widgets::FlowLayout* flow_ = nullptr;
  std::vector<Block> blocks_;
  widgets::TimelineLegend* legend_ = nullptr;
  QScrollArea* scroll_ = nullptr;
  widgets::TimelineView* view_ = nullptr;
  QLabel* slow_ = nullptr;  // which ranks are
};

}  // namespace athanor::app
