// Runs from and into files: imports what other trackers kept, writes runs for others. On a thread of its own, since
// either may take long; one after the other. GUI thread only; the link and its home outlive it.
#pragma once

#include "app/feedback/notice.h"
#include "core/store/types.h"

#include <QObject>
#include <QStringList>

#include <filesystem>
#include <vector>

namespace athanor::app {

class JobThread;

class RunFiles final : public QObject {
  Q_OBJECT
 public:
  // `history`: the file; the home is where it lies. An agent is started for an import when none answers.
  explicit RunFiles(std::filesystem::path history, QObject* parent = nullptr);
  ~RunFiles() override;

  void import_from(const QStringList& paths);
  // As the ending of the file says: .csv, .json, .html.
  void export_to(const std::vector<store::RunId>& runs, const QString& file);

 Q_SIGNALS:
  void notice(const athanor::app::Notice& notice);

 private:
  std::filesystem::path history_;
  JobThread* jobs_;
};

}  // namespace athanor::app
