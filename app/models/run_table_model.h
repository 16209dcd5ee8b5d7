// The runs as a table: those that match a search, sorted by a column or as the store has them. Cells carry typed values
// beside their text. GUI thread only; the stores are not owned.
#pragma once

#include "app/models/run_order.h"
#include "app/stores/queue_store.h"
#include "core/query/complete.h"
#include "widgets/common/cell_roles.h"

#include <QAbstractTableModel>

#include <unordered_map>

namespace athanor::app {

enum RunRole {
  run_id_role = widgets::last_cell_role + 1,  // qint64
  figure_role,                                // double: what a column of figures is sorted by
  live_role                                   // bool
};

class RunTableModel final : public QAbstractTableModel {
  Q_OBJECT
 public:
  RunTableModel(const RunStore* runs, const CurveStore* curves, FigureStore* figures, const QueueStore* queue,
                QObject* parent = nullptr);
  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                    int role = Qt::DisplayRole) const override;
  // -1: as the store has them.
  void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;
  // Words or a query, see core/query; one with faults is not taken, and what was searched before holds.
  void set_search(const QString& typed);
  [[nodiscard]] const QString& search() const { return typed_; }
  [[nodiscard]] const query::Faults& faults() const { return faults_; }
  // What could be written at a place of a query, counted in bytes of UTF-8.
  [[nodiscard]] query::Completion complete(const std::string& typed, std::size_t caret) const;

  [[nodiscard]] const store::Run* run_at(int row) const;
  [[nodiscard]] int row_of(store::RunId run) const;  // -1: it is not among those shown
  // What is said of the states of runs that wait.
  [[nodiscard]] QStringList queue_texts() const;
  // Ages and durations of live runs move with the clock.
  void tick();

 Q_SIGNALS:
  void queue_told();  // what is said of the states of runs that wait is another one

 private:
  [[nodiscard]] QVariant text(const store::Run& run, RunColumn column) const;
  [[nodiscard]] QString state_text(const store::Run& run) const;
  [[nodiscard]] QVariant tip(const store::Run& run, RunColumn column) const;
  [[nodiscard]] QVariant glyph(const store::Run& run, RunColumn column) const;
  void search_again();
  void follow(const RunDelta& delta);
  void curves_arrived(const std::vector<store::RunId>& runs);
  void show(std::vector<store::RunId> order);
  [[nodiscard]] std::size_t stretches_to(const std::vector<store::RunId>& order) const;
  void remove_all_but(const std::vector<store::RunId>& order);
  void rearrange(const std::vector<store::RunId>& order);
  void insert_missing(const std::vector<store::RunId>& order);
  void tell_altered(const std::vector<store::RunId>& runs, RunColumn first, RunColumn last);
  void number_rows();

  const RunStore* runs_;
  const CurveStore* curves_;
  FigureStore* figures_;
  const QueueStore* queue_;
  RunOrder order_;
  QString typed_;
  query::Faults faults_;
  std::vector<store::RunId> shown_;
  std::unordered_map<store::RunId, int> rows_;
};

}  // namespace athanor::app
