// What could be written at the caret of a line, in a list below it while one types: Down and Up choose, Tab or Enter
// take the chosen one over, Escape closes. It never takes the focus. GUI thread only.
#pragma once

#include <QFrame>

#include <functional>
#include <vector>

class QLineEdit;
class QListView;
class QStandardItemModel;

namespace athanor::widgets {

struct Suggestion {
  QString text;    // what takes the place of the range
  QString detail;  // a few words about it
};
struct Suggestions {
  int begin = 0, end = 0;  // the range to replace
  std::vector<Suggestion> all;
};

class SuggestionList final : public QFrame {
  Q_OBJECT
 public:
  using Source = std::function<Suggestions(const QString& text, int caret)>;

  SuggestionList(QLineEdit* line, Source source);
  // Shows what fits at the caret, also where nothing is begun yet.
  void offer();
  // Whether the key was for the list.
  [[nodiscard]] bool take_key(int key);
  [[nodiscard]] int count() const;
  [[nodiscard]] QString chosen() const;  // empty: none

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void show_suggestions(bool also_for_nothing);
  void choose(int row);
  void accept();
  void place();

  QLineEdit* line_;
  Source source_;
  QListView* list_ = nullptr;
  QStandardItemModel* model_ = nullptr;
  Suggestions now_;
  bool accepting_ = false;
};

}  // namespace athanor::widgets
