// Where a gallery gets its pictures from. The owner decodes off the GUI thread and announces what has come.
#pragma once

#include <QImage>
#include <QObject>
#include <QString>

namespace athanor::widgets {

class PictureSource : public QObject {
  Q_OBJECT
 public:
  enum class State { loading, ready, broken };
  struct Picture {
    State state = State::loading;
    QImage image;
  };
  using QObject::QObject;
  // At once: what is there. `loading` promises a later arrived(key).
  [[nodiscard]] virtual Picture picture(const QString& key) = 0;

 Q_SIGNALS:
  void arrived(const QString& key);
};

}  // namespace athanor::widgets
