// Notices that a run has ended, takes alerts of runs, and tells the desktop when nobody looks at the window. GUI thread
// only; what it is given is not owned.
#pragma once

#include "core/store/types.h"

#include <QObject>
#include <QString>

#include <set>

class QWidget;

namespace athanor::app {

class RunStore;
class Settings;

class RunNews final : public QObject {
  Q_OBJECT
 public:
  RunNews(const RunStore* runs, const Settings* settings, QWidget* window);

  void tell_alert(store::RunId run, const QString& text);

 Q_SIGNALS:
  void told(const QString& title, const QString& text);  // went to the desktop

 private:
  void look();
  void tell(const store::Run& run);
  void tell(const QString& title, const QString& text);

  const RunStore* runs_;
  const Settings* settings_;
  QWidget* window_;
  std::set<store::RunId> live_;
};

}  // namespace athanor::app
