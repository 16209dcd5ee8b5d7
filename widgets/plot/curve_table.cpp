#include "widgets/plot/curve_table.h"

#include "widgets/common/numbers.h"

#include <limits>
#include <map>

namespace athanor::widgets {

CurveTable::CurveTable(QObject* parent) : QAbstractTableModel(parent) {}

void CurveTable::set_curves(const std::vector<Curve>& curves, XAxis axis) {
  std::map<double, std::vector<double>> merged;
  for (std::size_t c = 0; c < curves.size(); ++c)
    for (const CurveColumn& column : curves[c].columns) {
      auto& values = merged[x_of(column, axis)];
      values.resize(curves.size(), std::numeric_limits<double>::quiet_NaN());
      values[c] = column.last;
    }
  beginResetModel();
  axis_ = axis;
  labels_.clear();
  rows_.clear();
  for (const Curve& curve : curves) labels_.push_back(curve.label);
  for (auto& [x, values] : merged) rows_.push_back({x, std::move(values)});
  endResetModel();
}

int CurveTable::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}
int CurveTable::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(labels_.size()) + 1;
}

QVariant CurveTable::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  if (role == Qt::TextAlignmentRole) return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  const Row& row = rows_[static_cast<std::size_t>(index.row())];
  if (index.column() == 0) return axis_ == XAxis::step ? QString::number(row.x, 'f', 0) : duration_text(row.x);
  const double value = row.values[static_cast<std::size_t>(index.column() - 1)];
  return value != value ? QString() : number_text(value);
}

QVariant CurveTable::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole) return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  if (section == 0) return axis_ == XAxis::step ? tr("Step") : tr("Time");
  return section - 1 < static_cast<int>(labels_.size()) ? labels_[static_cast<std::size_t>(section - 1)] : QString();
}

QString CurveTable::as_text() const {
  QString out = headerData(0, Qt::Horizontal).toString();
  for (const QString& label : labels_) out += u'\t' + label;
  out += u'\n';
  for (const Row& row : rows_) {
    out += QString::number(row.x, 'g', 10);
    for (const double value : row.values) out += u'\t' + (value != value ? QString() : QString::number(value, 'g', 10));
    out += u'\n';
  }
  return out;
}

}  // namespace athanor::widgets
