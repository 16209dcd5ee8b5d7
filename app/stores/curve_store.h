// Small curves for table cells, by run: the shape of the training loss in a few dozen values. Bounded. GUI thread only.
#pragma once

#include "core/store/types.h"

#include <QList>
#include <QObject>

#include <unordered_map>

namespace athanor::app {

class CurveStore final : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;
  struct Entry {
    std::int64_t step = 0;  // the run's step when it was read
    QList<double> values;
  };
  [[nodiscard]] const Entry* find(store::RunId run) const;
  void set(store::RunId run, std::int64_t step, QList<double> values);

 Q_SIGNALS:
  void curve_changed(qint64 run);

 private:
  std::unordered_map<store::RunId, Entry> entries_;
};

}  // namespace athanor::app
