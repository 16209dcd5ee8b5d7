// The numbers of a plot as a table: one row per x, one column per curve. For readers who cannot or will not read a
// drawing, and for copying. GUI thread only.
#pragma once

#include "widgets/plot/curve.h"

#include <QAbstractTableModel>

class QIODevice;

namespace athanor::widgets {

class CurveTable final : public QAbstractTableModel {
  Q_OBJECT
 public:
  explicit CurveTable(QObject* parent = nullptr);
  // Of those that are shown.
  void set_curves(const std::vector<Curve>& curves, XAxis axis);
  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                    int role = Qt::DisplayRole) const override;
  // Tab-separated, with a heading line.
  [[nodiscard]] QString as_text() const;
  // As RFC 4180 says, with a heading line, in digits that give the same numbers again; with least and greatest values
  // where a curve has them. False: the device took no more.
  bool write_csv(QIODevice& device) const;

 private:
  // The curve's column at the x of a row; nothing where it has none.
  [[nodiscard]] std::optional<std::size_t> column_at(const Curve& curve, double x) const;

  std::vector<Curve> curves_;
  std::vector<double> x_;  // of the rows
  XAxis axis_ = XAxis::step;
};

}  // namespace athanor::widgets
