#include "widgets/log/log_ring.h"

#include <QDateTime>

#include <algorithm>

namespace athanor::widgets {

LogRing::LogRing(std::size_t capacity, QObject* parent)
    : QAbstractListModel(parent), capacity_(std::max<std::size_t>(1, capacity)) {}

void LogRing::append(const std::vector<LogRow>& rows) {
  if (rows.empty()) return;
  const std::size_t taken = std::min(rows.size(), capacity_);
  const std::size_t surplus = rows_.size() + taken > capacity_ ? rows_.size() + taken - capacity_ : 0;
  if (surplus > 0) {
    beginRemoveRows({}, 0, static_cast<int>(surplus) - 1);
    rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(surplus));
    endRemoveRows();
  }
  const int first = static_cast<int>(rows_.size());
  beginInsertRows({}, first, first + static_cast<int>(taken) - 1);
  rows_.insert(rows_.end(), rows.end() - static_cast<std::ptrdiff_t>(taken), rows.end());
  endInsertRows();
}

void LogRing::clear() {
  if (rows_.empty()) return;
  beginResetModel();
  rows_.clear();
  endResetModel();
}

std::int64_t LogRing::last_id() const { return rows_.empty() ? 0 : rows_.back().id; }
int LogRing::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(rows_.size()); }

QVariant LogRing::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const LogRow& row = rows_[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole: return row.text;
    case Qt::ToolTipRole:
      return QDateTime::fromMSecsSinceEpoch(row.time_ms).toString(Qt::ISODateWithMs) + QLatin1Char(' ') + row.text;
    case Qt::AccessibleTextRole:
      return row.level == LogLevel::info
                 ? row.text
                 : (row.level == LogLevel::error ? tr("Error: %1") : tr("Warning: %1")).arg(row.text);
    case time_role: return QVariant::fromValue<qint64>(row.time_ms);
    case level_role: return static_cast<int>(row.level);
    case id_role: return QVariant::fromValue<qint64>(row.id);
    default: return {};
  }
}

}  // namespace athanor::widgets
