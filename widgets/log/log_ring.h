// The newest lines of a log, bounded, as an item model. The oldest line goes before a new one comes when full.
// GUI thread only.
#pragma once

#include <QAbstractListModel>

#include <cstdint>
#include <deque>
#include <vector>

namespace athanor::widgets {

enum class LogLevel { info, warning, error };

struct LogRow {
  std::int64_t id = 0;
  std::int64_t time_ms = 0;  // since the Unix epoch
  LogLevel level = LogLevel::info;
  QString text;
};

class LogRing final : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Roles { time_role = Qt::UserRole + 1, level_role, id_role };
  explicit LogRing(std::size_t capacity, QObject* parent = nullptr);
  void append(const std::vector<LogRow>& rows);
  void clear();
  [[nodiscard]] std::int64_t last_id() const;
  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;

 private:
  std::size_t capacity_;
  std::deque<LogRow> rows_;
};

}  // namespace athanor::widgets
