// What a page shows when it has nothing to show: a drawing, one sentence why, one thing to do. GUI thread only.
#pragma once

#include "widgets/common/glyph.h"

#include <QWidget>

class QLabel;
class QPushButton;

namespace athanor::widgets {

class EmptyPage final : public QWidget {
  Q_OBJECT
 public:
  explicit EmptyPage(QWidget* parent = nullptr);
  // An empty `action` shows no button.
  void set_content(Glyph glyph, const QString& title, const QString& text, const QString& action = {});
  [[nodiscard]] QString title() const;

 Q_SIGNALS:
  void action_triggered();

 private:
  QLabel* picture_ = nullptr;
  QLabel* title_ = nullptr;
  QLabel* text_ = nullptr;
  QPushButton* action_ = nullptr;
};

}  // namespace athanor::widgets
