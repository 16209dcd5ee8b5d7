// Messages at the top of a page: what was tried, why it did not work, what to do. They stay until dismissed, replaced
// or their time is over; nothing is modal. GUI thread only.
#pragma once

#include <QFrame>

#include <functional>

class QLabel;
class QPushButton;
class QToolButton;
class QTimer;

namespace athanor::widgets {

enum class MessageKind { info, good, warning, error };

struct Message {
  MessageKind kind = MessageKind::info;
  QString intention;  // "Could not start the run"
  QString cause;      // "the store was written by a newer version"
  QString remedy;     // "Update Athanor"
  QString action;     // text of a button; empty: none
  std::function<void()> on_action;
  int vanish_after_ms = 0;  // 0: stays
};

class MessageBar final : public QFrame {
  Q_OBJECT
 public:
  explicit MessageBar(QWidget* parent = nullptr);
  void show_message(const Message& message);
  void dismiss();
  [[nodiscard]] QString text() const;

 Q_SIGNALS:
  void dismissed();  // by the person, or since it had been seen for long enough

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  Message message_;
  QLabel* text_ = nullptr;
  QPushButton* action_ = nullptr;
  QToolButton* close_ = nullptr;
  QTimer* vanish_ = nullptr;
};

}  // namespace athanor::widgets
