// Words looked for in everything that was ever written about runs: names, tags, notes, causes, recipes and logs, over
// the window. ↑ ↓ choose a place, Enter opens its run, Escape closes. GUI thread only; the controller is not owned.
#pragma once

#include "core/store/found.h"

#include <QFrame>
#include <QPointer>

#include <vector>

class QLabel;
class QListWidget;

namespace athanor::widgets {
class SearchLine;
}

namespace athanor::app {

class HistoryController;

// What a snippet says, and which parts of it were looked for.
struct Snippet {
  QString text;
  std::vector<std::pair<int, int>> marks;  // begin and length
};
[[nodiscard]] Snippet snippet_of(const std::string& marked);

class FindSheet final : public QFrame {
  Q_OBJECT
 public:
  FindSheet(HistoryController* history, QWidget* window);
  void open();
  [[nodiscard]] widgets::SearchLine* line() const { return line_; }
  [[nodiscard]] QListWidget* list() const { return list_; }

 Q_SIGNALS:
  void run_chosen(qint64 run);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  void look_for(const QString& typed);
  void show_found(const QString& typed, const std::vector<store::Found>& found);
  void accept();
  void leave();

  HistoryController* history_;
  widgets::SearchLine* line_ = nullptr;
  QListWidget* list_ = nullptr;
  QLabel* words_ = nullptr;
  QPointer<QWidget> focus_before_;
};

}  // namespace athanor::app
