// The table of runs: how each column looks, which columns there is room for, and which runs stay selected. GUI thread
// only; the model and the settings are not owned.
#pragma once

#include "app/models/run_table_model.h"

#include <QTableView>
#include <QTimer>

#include <optional>

namespace athanor::app {

class Settings;

class RunTable final : public QTableView {
  Q_OBJECT
 public:
  RunTable(RunTableModel* runs, Settings* settings, QWidget* parent);
  [[nodiscard]] std::optional<RunColumn> sorted_by() const;  // none: the order of the store
  void keep_layout();

 Q_SIGNALS:
  void columns_fitted();

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void keep_selection();
  void build_delegates();
  void build_header();
  void widen_for_words();
  void widen_for_queue();
  void fit_columns();
  void offer_columns();

  RunTableModel* runs_;
  Settings* settings_;
  std::vector<store::RunId> selected_;  // while rows are replaced
  QTimer fit_;
  bool fitting_ = false;
};

}  // namespace athanor::app
