#include "app/models/run_matrix_model.h"

#include "app/feedback/notice.h"
#include "widgets/common/theme.h"

#include <QFont>

#include <algorithm>
#include <cmath>
#include <utility>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

double number_of(const MatrixRow& row, std::size_t run) {
  const auto* number = row.values[run] ? std::get_if<double>(&*row.values[run]) : nullptr;
  return number ? *number : std::nan("");
}

}  // namespace

RunMatrixModel::RunMatrixModel(NameOf name_of, QObject* parent)
    : QAbstractTableModel(parent), name_of_(std::move(name_of)) {}

void RunMatrixModel::set_matrix(RunMatrix matrix, store::RunId baseline) {
  matrix_ = std::move(matrix);
  baseline_ = baseline;
  arrange();
}

void RunMatrixModel::show_only_differing(bool on) {
  only_differing_ = on;
  arrange();
}

void RunMatrixModel::set_search(const QString& typed) {
  search_ = typed.trimmed();
  arrange();
}

bool RunMatrixModel::holds(const MatrixRow& row) const {
  if (only_differing_ && !row.differs && !row.is_metric) return false;
  if (search_.isEmpty()) return true;
  const auto has = [this](const QString& text) { return text.contains(search_, Qt::CaseInsensitive); };
  if (has(row_title(row)) || has(q(row.name))) return true;
  for (std::size_t i = 0; i < row.values.size(); ++i)
    if (has(value_text(row, i))) return true;
  return false;
}

void RunMatrixModel::arrange() {
  beginResetModel();
  rows_.clear();
  columns_.clear();
  for (std::size_t i = 0; i < matrix_.rows.size(); ++i)
    if (holds(matrix_.rows[i])) rows_.push_back(i);
  const auto found = std::ranges::find(matrix_.runs, baseline_);
  const bool has_baseline = found != matrix_.runs.end();
  baseline_column_ = has_baseline ? static_cast<std::size_t>(found - matrix_.runs.begin()) : 0;
  if (has_baseline) columns_.push_back(baseline_column_);
  for (std::size_t i = 0; i < matrix_.runs.size(); ++i)
    if (!has_baseline || i != baseline_column_) columns_.push_back(i);
  endResetModel();
}

int RunMatrixModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}
int RunMatrixModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(columns_.size());
}

QVariant RunMatrixModel::metric_tone(const MatrixRow& row, std::size_t run) const {
  const int verdict = judged(look_of_metric(row.name), number_of(row, run), number_of(row, baseline_column_));
  if (verdict == 0) return {};
  return static_cast<int>(verdict > 0 ? widgets::Role::good : widgets::Role::bad);
}

QVariant RunMatrixModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const MatrixRow& row = matrix_.rows[rows_[static_cast<std::size_t>(index.row())]];
  const std::size_t run = columns_[static_cast<std::size_t>(index.column())];
  const bool is_measured = baseline_ != 0 && run != baseline_column_;
  const bool is_alike = is_measured && row.values[run] == row.values[baseline_column_];
  switch (role) {
    case Qt::DisplayRole: return value_text(row, run);
    case widgets::detail_role:
      return row.is_metric && is_measured
                 ? difference_text(look_of_metric(row.name), number_of(row, run), number_of(row, baseline_column_))
                 : QString();
    case widgets::tone_role:
      if (row.is_metric && is_measured) return metric_tone(row, run);
      return is_alike || !row.differs ? QVariant(static_cast<int>(widgets::Role::muted)) : QVariant();
    case Qt::FontRole: {
      if (!is_measured || is_alike || row.is_metric) return {};
      QFont font;
      font.setWeight(QFont::DemiBold);
      return font;
    }
    case Qt::ToolTipRole:
    case Qt::AccessibleTextRole:
      return u"%1, %2: %3"_s.arg(row_title(row), name_of_(matrix_.runs[run]), value_text(row, run));
    case run_role: return QVariant::fromValue<qint64>(matrix_.runs[run]);
    case name_role: return q(row.name);
    default: return {};
  }
}

QVariant RunMatrixModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (section < 0) return {};
  const auto place = static_cast<std::size_t>(section);
  if (orientation == Qt::Horizontal) {
    if (place >= columns_.size()) return {};
    const store::RunId run = matrix_.runs[columns_[place]];
    if (role == Qt::DisplayRole) return name_of_(run);
    if (role == Qt::ToolTipRole) return run == baseline_ ? tr("%1: the baseline").arg(name_of_(run)) : name_of_(run);
    if (role == Qt::TextAlignmentRole) return QVariant::fromValue(Qt::AlignLeft | Qt::AlignVCenter);
    return {};
  }
  if (place >= rows_.size()) return {};
  const MatrixRow& row = matrix_.rows[rows_[place]];
  if (role == Qt::DisplayRole) return row_title(row);
  if (role == Qt::ToolTipRole) return q(row.name);
  return {};
}

}  // namespace athanor::app
