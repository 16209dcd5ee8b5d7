// Runs from and into files, as actions of the page of runs. GUI thread only; what it is given is not owned and outlives
// it.
#pragma once

#include "core/store/types.h"

#include <QObject>

#include <functional>
#include <vector>

class QWidget;

namespace athanor::app {

class ActionRegistry;
class HistoryController;

class FileActions final : public QObject {
  Q_OBJECT
 public:
  using Selected = std::function<std::vector<store::RunId>()>;
  // `page` becomes the parent.
  FileActions(HistoryController* history, ActionRegistry* actions, Selected selected, QWidget* page);
  // What may be done with the selected runs now.
  void update();

 private:
  void ask_for_folder();
  void ask_for_files();
  void ask_where_to_export();

  HistoryController* history_;
  ActionRegistry* actions_;
  Selected selected_;
  QWidget* page_;
};

}  // namespace athanor::app
