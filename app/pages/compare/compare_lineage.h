// The families of the compared runs: whom they were forked from, at which step, and how far each came. GUI thread only;
// the controller is not owned.
#pragma once

#include "core/store/types.h"

#include <QWidget>

namespace athanor::widgets {
class LineageView;
}

namespace athanor::app {

class CompareController;
class PageScroll;

class CompareLineage final : public QWidget {
  Q_OBJECT
 public:
  CompareLineage(CompareController* compare, QWidget* parent);
  void set_watched(bool on);
  void set_current(store::RunId run);
  [[nodiscard]] widgets::LineageView* view() const { return view_; }

 Q_SIGNALS:
  void run_chosen(qint64 run);
  void open_requested(qint64 run);

 private:
  void show_runs();

  CompareController* compare_;
  PageScroll* scroll_ = nullptr;
  widgets::LineageView* view_ = nullptr;
  bool watched_ = false;
};

}  // namespace athanor::app
