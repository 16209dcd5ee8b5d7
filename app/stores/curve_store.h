// What the table and the headings tell of a run's curves: the shape of the training loss in a few dozen values, and the
// pace of its newest steps. By run, for as long as there is that run. GUI thread only.
#pragma once

#include "core/store/types.h"

#include <QList>
#include <QObject>

#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace athanor::app {

class CurveStore final : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;
  struct Entry {
    std::int64_t step = 0;  // the run's step when it was read
    QList<double> values;
    double pace = std::numeric_limits<double>::quiet_NaN();  // steps a second, see typical_pace(); NaN: not known
  };
  [[nodiscard]] const Entry* find(store::RunId run) const;
  void set(std::vector<std::pair<store::RunId, Entry>> entries);
  // Forgets the runs that are in neither list.
  void keep_only(const std::vector<store::Run>& present, const std::vector<store::Run>& deleted);

 Q_SIGNALS:
  void curves_changed(const std::vector<std::int64_t>& runs);

 private:
  std::unordered_map<store::RunId, Entry> entries_;
};

}  // namespace athanor::app
