// Every shortcut on one sheet over the window, by context. Escape closes it. GUI thread only.
#pragma once

#include "widgets/palette/command_palette.h"

#include <QFrame>
#include <QPointer>

class QScrollArea;

namespace athanor::app {

class ShortcutSheet final : public QFrame {
  Q_OBJECT
 public:
  explicit ShortcutSheet(QWidget* window);
  void open(const std::vector<widgets::Command>& commands);

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  QScrollArea* scroll_ = nullptr;
  QPointer<QWidget> focus_before_;
};

}  // namespace athanor::app
