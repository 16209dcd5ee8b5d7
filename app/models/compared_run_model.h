// The compared runs as a list: whether each is drawn and in which look, how it stands in one metric, and how far that
// is from the baseline. GUI thread only; what it is given is not owned.
#pragma once

#include "app/models/metric_words.h"
#include "app/stores/compared_runs.h"
#include "app/stores/figure_store.h"
#include "widgets/common/cell_roles.h"

#include <QAbstractTableModel>

#include <functional>
#include <string>
#include <vector>

namespace athanor::app {

class ComparedRunModel final : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { run_column, value_column, difference_column, column_count };
  enum Role { run_role = widgets::last_cell_role + 1 };  // qint64

  // `name_of`: what a run is called.
  ComparedRunModel(ComparedRuns* compared, std::function<QString(store::RunId)> name_of, FigureStore* figures,
                   QObject* parent = nullptr);
  void rename_runs();  // some are called otherwise now
  // The metric told of; empty: none.
  void set_metric(const std::string& metric);
  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                    int role = Qt::DisplayRole) const override;
  [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role = Qt::EditRole) override;
  // By name, value or difference; any other column: as they were chosen. What is not known comes last.
  void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;

  [[nodiscard]] store::RunId run_at(int row) const;
  [[nodiscard]] int row_of(store::RunId run) const;  // -1: none

 private:
  void arrange();
  void tell_all();
  [[nodiscard]] double last_of(store::RunId run) const;

  ComparedRuns* compared_;
  std::function<QString(store::RunId)> name_of_;
  FigureStore* figures_;
  std::string metric_;
  MetricLook look_;
  const FigureStore::Metric* values_ = nullptr;
  std::vector<store::RunId> shown_;
  int sorted_by_ = -1;
  Qt::SortOrder order_ = Qt::AscendingOrder;
};

}  // namespace athanor::app
