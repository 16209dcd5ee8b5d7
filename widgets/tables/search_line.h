// One line to search a list with: debounced, with a clear button; Escape empties it, Down goes into the list. With a
// source of suggestions it offers them below while one types, and on Control + Space.
// GUI thread only.
#pragma once

#include "widgets/tables/suggestion_list.h"

#include <QLineEdit>

class QTimer;

namespace athanor::widgets {

class SearchLine final : public QLineEdit {
  Q_OBJECT
 public:
  explicit SearchLine(const QString& placeholder, QWidget* parent = nullptr);
  // Without waiting for the pause in typing.
  void search_now(const QString& text);
  void set_suggestions(SuggestionList::Source source);
  [[nodiscard]] SuggestionList* suggestions() const { return suggestions_; }  // null: there are none

 Q_SIGNALS:
  void search_changed(const QString& text);
  void down_pressed();

 protected:
  bool event(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  QTimer* pause_ = nullptr;
  SuggestionList* suggestions_ = nullptr;
};

}  // namespace athanor::widgets
