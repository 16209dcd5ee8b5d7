// What the compared runs came to and how their recipes differ, field by field. GUI thread only; the controller is not
// owned.
#pragma once

#include "core/store/types.h"

#include <QWidget>

class QTableView;
class QToolButton;

namespace athanor::widgets {
class SearchLine;
}

namespace athanor::app {

class CompareController;
class RunMatrixModel;

class CompareTable final : public QWidget {
  Q_OBJECT
 public:
  CompareTable(CompareController* compare, QWidget* parent);
  void set_watched(bool on);
  [[nodiscard]] RunMatrixModel* model() const { return model_; }
  [[nodiscard]] QTableView* table() const { return table_; }
  void copy() const;  // as text, tab by tab

 private:
  void show_runs();

  CompareController* compare_;
  RunMatrixModel* model_ = nullptr;
  QTableView* table_ = nullptr;
  bool watched_ = false;
};

}  // namespace athanor::app
