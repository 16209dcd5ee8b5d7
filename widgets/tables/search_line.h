// One line to search a list with: debounced, with a clear button; Escape empties it, Down goes into the list.
// GUI thread only.
#pragma once

#include <QLineEdit>

class QTimer;

namespace athanor::widgets {

class SearchLine final : public QLineEdit {
  Q_OBJECT
 public:
  explicit SearchLine(const QString& placeholder, QWidget* parent = nullptr);
  // Without waiting for the pause in typing.
  void search_now(const QString& text);

 Q_SIGNALS:
  void search_changed(const QString& text);
  void down_pressed();

 protected:
  void keyPressEvent(QKeyEvent* event) override;

 private:
  QTimer* pause_ = nullptr;
};

}  // namespace athanor::widgets
