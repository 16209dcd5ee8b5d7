// Which runs a table shows, and in which order: a search and a column to sort by, over a store of runs. Made for a
// hundred thousand runs: arranging all of them stays within what a frame or three may take, and what changed is put in
// its place without looking at the rest. The stores are not owned. GUI thread only.
#pragma once

#include "app/models/run_query.h"
#include "app/stores/curve_store.h"
#include "app/stores/run_store.h"

#include <QtCore/qnamespace.h>

#include <optional>
#include <vector>

namespace athanor::app {

enum class RunColumn { number, status, name, curve, progress, loss, r1, r10, speed, started, duration, tags, count_ };

// What a column of figures is sorted by; NaN: not known.
[[nodiscard]] double figure_of(const store::Run& run, RunColumn column, const CurveStore& curves, std::int64_t now_ns);

class RunOrder {
 public:
  RunOrder(const RunStore* runs, const CurveStore* curves, FigureStore* figures)
      : runs_(runs), curves_(curves), figures_(figures) {}

  // None: in the order of the store. Figures that are not known stand at the end, whichever way a column is sorted.
  void sort_by(std::optional<RunColumn> column, Qt::SortOrder direction);
  [[nodiscard]] std::optional<RunColumn> column() const { return column_; }
  // What is wrong with it: it is then not taken, and what was searched before holds.
  query::Faults set_search(const QString& typed);

  [[nodiscard]] std::vector<store::RunId> arranged();
  // `order`, which was arranged before, after these runs were added or altered and those removed.
  [[nodiscard]] std::vector<store::RunId> rearranged(const std::vector<store::RunId>& order,
                                                     const std::vector<store::RunId>& touched,
                                                     const std::vector<store::RunId>& removed);

 private:
  struct Key;
  void ask_anew();
  [[nodiscard]] Key key_of(const store::Run& run, int row) const;
  [[nodiscard]] bool goes_before(const Key& a, const Key& b) const;

  const RunStore* runs_;
  const CurveStore* curves_;
  FigureStore* figures_;
  RunQuery query_;
  std::optional<RunColumn> column_;
  Qt::SortOrder direction_ = Qt::AscendingOrder;
};

}  // namespace athanor::app
