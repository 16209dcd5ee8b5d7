// Navigation at the left: the pages, then the runs that are going on with their progress. GUI thread only.
#pragma once

#include "core/store/types.h"
#include "widgets/common/glyph.h"

#include <QWidget>

#include <map>
#include <vector>

class QLabel;
class QToolButton;
class QVBoxLayout;

namespace athanor::app {

class RunStore;

class Sidebar final : public QWidget {
  Q_OBJECT
 public:
  Sidebar(const RunStore* runs, QWidget* parent);
  void add_page(const QString& id, const QString& title, widgets::Glyph glyph, const QString& shortcut);
  void set_current(const QString& id);
  // Pictures without words, for windows with little room.
  void set_compact(bool compact);
  // With its words, none of which is cut.
  [[nodiscard]] int full_width() const;
  // A button at the foot.
  QToolButton* add_foot(const QString& title, widgets::Glyph glyph);

 Q_SIGNALS:
  void page_chosen(const QString& id);
  void run_chosen(qint64 run);

 private:
  void show_live();

  const RunStore* runs_;
  std::map<QString, QToolButton*> pages_;
  QVBoxLayout* page_layout_ = nullptr;
  QVBoxLayout* live_layout_ = nullptr;
  QVBoxLayout* foot_layout_ = nullptr;
  QWidget* mark_ = nullptr;
  QLabel* live_title_ = nullptr;
  std::vector<QToolButton*> feet_;
  std::vector<QToolButton*> live_;
  bool compact_ = false;
};

}  // namespace athanor::app
