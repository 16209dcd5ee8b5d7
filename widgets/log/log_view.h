// A log with a search line; lines too long for it are reached by scrolling sideways. It follows the newest line while
// its end is in view and stays where it is otherwise. GUI thread only. The ring is not owned.
#pragma once

#include <QWidget>

class QAbstractItemDelegate;
class QListView;
class QSortFilterProxyModel;
class QLabel;

namespace athanor::widgets {

class LogRing;
class SearchLine;

class LogView final : public QWidget {
  Q_OBJECT
 public:
  explicit LogView(LogRing* ring, QWidget* parent = nullptr);
  [[nodiscard]] SearchLine* search_line() const { return search_; }
  [[nodiscard]] int shown_rows() const;

 protected:
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void copy_selection();
  void update_count();
  void make_room(int first, int last);  // for the widest of these lines
  LogRing* ring_;
  QSortFilterProxyModel* filter_ = nullptr;
  SearchLine* search_ = nullptr;
  QListView* list_ = nullptr;
  QAbstractItemDelegate* delegate_ = nullptr;
  QLabel* count_ = nullptr;
  bool follow_ = true;
};

}  // namespace athanor::widgets
