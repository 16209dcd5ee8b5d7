// A matrix of runs as a table: a row for every quantity that is shown, a column for every run, the baseline first. What
// is as in the baseline steps back. GUI thread only.
#pragma once

#include "app/models/run_matrix.h"
#include "widgets/common/cell_roles.h"

#include <QAbstractTableModel>
#include <QString>

#include <functional>

namespace athanor::app {

class RunMatrixModel final : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Role { run_role = widgets::last_cell_role + 1, name_role };  // qint64; QString
  using NameOf = std::function<QString(store::RunId)>;
  explicit RunMatrixModel(NameOf name_of, QObject* parent = nullptr);

  void set_matrix(RunMatrix matrix, store::RunId baseline);
  void show_only_differing(bool on);
  void set_search(const QString& typed);  // rows whose title, name or values hold it
  [[nodiscard]] const RunMatrix& matrix() const { return matrix_; }
  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                    int role = Qt::DisplayRole) const override;

 private:
  void arrange();
  [[nodiscard]] bool holds(const MatrixRow& row) const;
  [[nodiscard]] QVariant metric_tone(const MatrixRow& row, std::size_t run) const;

  NameOf name_of_;
  RunMatrix matrix_;
  store::RunId baseline_ = 0;
  std::size_t baseline_column_ = 0;  // in the matrix
  std::vector<std::size_t> rows_;    // shown
  std::vector<std::size_t> columns_;
  bool only_differing_ = true;
  QString search_;
};

}  // namespace athanor::app
