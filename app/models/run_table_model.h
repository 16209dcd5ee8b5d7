// The runs as a table. It only translates the store's announcements; cells carry typed values for sorting beside their
// text. GUI thread only; the stores are not owned.
#pragma once

#include "app/stores/curve_store.h"
#include "app/stores/run_store.h"
#include "widgets/common/cell_roles.h"

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>

namespace athanor::app {

enum class RunColumn { number, status, name, curve, progress, loss, r1, r10, speed, started, duration, tags, count_ };

enum RunRole {
  run_id_role = widgets::last_cell_role + 1,  // qint64
  sort_role,                                  // a value that orders the column
  search_role,                                // QString: everything a search looks at
  live_role                                   // bool
};

class RunTableModel final : public QAbstractTableModel {
  Q_OBJECT
 public:
  RunTableModel(const RunStore* runs, const CurveStore* curves, QObject* parent = nullptr);
  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                    int role = Qt::DisplayRole) const override;
  [[nodiscard]] const store::Run* run_at(int row) const;
  // Ages and durations of live runs move with the clock.
  void tick();

 private:
  [[nodiscard]] QVariant text(const store::Run& run, RunColumn column) const;
  [[nodiscard]] QVariant sort_value(const store::Run& run, RunColumn column) const;

  const RunStore* runs_;
  const CurveStore* curves_;
};

// Search over name, tags, state, note and model; every word must be found. "is:live", "is:failed", "is:pinned" narrow
// by state.
class RunFilter final : public QSortFilterProxyModel {
  Q_OBJECT
 public:
  explicit RunFilter(QObject* parent = nullptr);
  void set_search(const QString& typed);
  [[nodiscard]] const QString& search() const { return typed_; }

 protected:
  [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
  [[nodiscard]] bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

 private:
  QString typed_;
  QStringList words_;
};

}  // namespace athanor::app
