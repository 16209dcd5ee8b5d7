#include "widgets/plot/curve_table.h"

#include "widgets/common/numbers.h"
#include "widgets/plot/axis_words.h"

#include <QIODevice>

#include <algorithm>
#include <cmath>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;

QString quoted(QString text) {
  if (!text.contains(u',') && !text.contains(u'"') && !text.contains(u'\n') && !text.contains(u'\r')) return text;
  return u'"' + text.replace(u"\""_s, u"\"\""_s) + u'"';
}

QByteArray exact(double value) {
  return std::isfinite(value) ? QByteArray::number(value, 'g', QLocale::FloatingPointShortest) : QByteArray();
}

QString title_of(const Curve& curve) { return curve.label.isEmpty() ? curve.name : curve.label; }

}  // namespace

CurveTable::CurveTable(QObject* parent) : QAbstractTableModel(parent) {}

void CurveTable::set_curves(const std::vector<Curve>& curves, XAxis axis) {
  beginResetModel();
  axis_ = axis;
  curves_.clear();
  x_.clear();
  for (const Curve& curve : curves) {
    if (!curve.is_shown()) continue;
    curves_.push_back(curve);
    const CurveX x = x_of(curve, axis);
    for (std::size_t i = 0; i < x.values.size(); ++i) x_.push_back(x[i]);
  }
  std::ranges::sort(x_);
  x_.erase(std::unique(x_.begin(), x_.end()), x_.end());
  endResetModel();
}

int CurveTable::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(x_.size()); }
int CurveTable::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(curves_.size()) + 1;
}

std::optional<std::size_t> CurveTable::column_at(const Curve& curve, double x) const {
  const auto found = nearest_column(curve, axis_, x);
  return found && x_of(curve, axis_)[*found] == x ? found : std::nullopt;
}

QVariant CurveTable::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  if (role == Qt::TextAlignmentRole) return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  const double x = x_[static_cast<std::size_t>(index.row())];
  if (index.column() == 0) return x_text(axis_, x);
  const Curve& curve = curves_[static_cast<std::size_t>(index.column() - 1)];
  const auto column = column_at(curve, x);
  const double value = column ? curve.columns->last()[*column] : std::nan("");
  return std::isnan(value) ? QString() : number_text(value);
}

QVariant CurveTable::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole) return QVariant::fromValue(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  if (section == 0) return axis_name(axis_);
  return section - 1 < static_cast<int>(curves_.size()) ? curves_[static_cast<std::size_t>(section - 1)].label
                                                        : QString();
}

QString CurveTable::as_text() const {
  QString out = headerData(0, Qt::Horizontal).toString();
  for (const Curve& curve : curves_) out += u'\t' + curve.label;
  out += u'\n';
  for (const double x : x_) {
    out += QString::number(x, 'g', 10);
    for (const Curve& curve : curves_) {
      const auto column = column_at(curve, x);
      const double value = column ? curve.columns->last()[*column] : std::nan("");
      out += u'\t' + (std::isnan(value) ? QString() : QString::number(value, 'g', 10));
    }
    out += u'\n';
  }
  return out;
}

bool CurveTable::write_csv(QIODevice& device) const {
  QString heading = quoted(axis_name(axis_));
  for (const Curve& curve : curves_) {
    heading += u',' + quoted(title_of(curve));
    if (!curve.columns->has_band()) continue;
    heading += u',' + quoted(tr("%1, least").arg(title_of(curve)));
    heading += u',' + quoted(tr("%1, greatest").arg(title_of(curve)));
  }
  bool taken = device.write(heading.toUtf8() + "\r\n") >= 0;
  for (const double x : x_) {
    QByteArray line = exact(x);
    for (const Curve& curve : curves_) {
      const auto column = column_at(curve, x);
      const auto add = [&](std::span<const double> values) {
        line += ',';
        if (column) line += exact(values[*column]);
      };
      add(curve.columns->last());
      if (curve.columns->has_band()) add(curve.columns->minimum()), add(curve.columns->maximum());
    }
    taken = taken && device.write(line + "\r\n") >= 0;
  }
  return taken;
}

}  // namespace athanor::widgets
