// The compared runs beside what is shown of them: shown or hidden by a tick, sorted by heading, with what can be done
// to each. GUI thread only; what it is given is not owned.
#pragma once

#include "app/models/compared_run_model.h"

#include <QTableView>

#include <vector>

namespace athanor::app {

class CompareList final : public QTableView {
  Q_OBJECT
 public:
  CompareList(ComparedRunModel* model, QWidget* parent);
  [[nodiscard]] std::vector<store::RunId> selected() const;
  [[nodiscard]] store::RunId current() const;  // 0: none
  void choose(store::RunId run);

 Q_SIGNALS:
  void selection_changed();
  void hovered(qint64 run);  // 0: none

 protected:
  void leaveEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void fit_columns();
  ComparedRunModel* runs_;
};

}  // namespace athanor::app
