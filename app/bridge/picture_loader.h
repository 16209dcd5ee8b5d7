// Decodes pictures off the GUI thread and keeps the newest of them. Keys are absolute file names. GUI thread only.
#pragma once

#include "app/bridge/job_thread.h"

#include <QCache>
#include <QImage>
#include <QSet>

#include <optional>

namespace athanor::app {

class PictureLoader final : public QObject {
  Q_OBJECT
 public:
  explicit PictureLoader(QObject* parent = nullptr);
  // The decoded picture (null when it is broken); nothing yet: loaded(key) follows.
  [[nodiscard]] std::optional<QImage> picture(const QString& file);

 Q_SIGNALS:
  void loaded(const QString& file);

 private:
  JobThread* thread_ = nullptr;
  QCache<QString, QImage> pictures_;
  QSet<QString> pending_;
};

}  // namespace athanor::app
