// Below the plan: the quickest ways to share the work between the ranks at hand, each to be taken over into the form.
// GUI thread only.
#pragma once

#include "app/controllers/layout_finder.h"

#include <QWidget>

class QAction;
class QLabel;
class QPushButton;
class QVBoxLayout;

namespace athanor::app {

class LayoutsPanel final : public QWidget {
  Q_OBJECT
 public:
  // `find` looks for layouts.
  LayoutsPanel(QAction* find, QWidget* parent);
  void show_layouts(const LayoutFinder& finder);
  [[nodiscard]] QPushButton* find_button() const { return find_; }

 Q_SIGNALS:
  void chosen(const QStringList& assignments);

 private:
  QPushButton* find_ = nullptr;
  QLabel* state_ = nullptr;
  QWidget* list_ = nullptr;
  QVBoxLayout* rows_ = nullptr;
};

}  // namespace athanor::app
