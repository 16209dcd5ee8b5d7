// The numbers of a plot as a table: one row per x, one column per curve. For readers who cannot or will not read a
// drawing, and for copying. GUI thread only.
#pragma once

#include "widgets/plot/curve.h"

#include <QAbstractTableModel>

namespace athanor::widgets {

class CurveTable final : public QAbstractTableModel {
  Q_OBJECT
 public:
  explicit CurveTable(QObject* parent = nullptr);
  void set_curves(const std::vector<Curve>& curves, XAxis axis);
  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                    int role = Qt::DisplayRole) const override;
  // Tab-separated, with a heading line.
  [[nodiscard]] QString as_text() const;

 private:
  struct Row {
    double x = 0;
    std::vector<double> values;  // NaN where the curve has nothing here
  };
  std::vector<QString> labels_;
  std::vector<Row> rows_;
  XAxis axis_ = XAxis::step;
};

}  // namespace athanor::widgets
