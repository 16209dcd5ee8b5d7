// The picture of a scene, drawn at once where that is quick, and otherwise by other threads: then the picture before
// stays until the new one is there, and of the scenes wanted meanwhile only the newest is drawn. GUI thread only.
#pragma once

#include "widgets/plot/envelope/look.h"

#include <QFutureWatcher>
#include <QImage>
#include <QObject>

#include <memory>

namespace athanor::widgets {

class PictureFeed final : public QObject {
  Q_OBJECT
 public:
  explicit PictureFeed(QObject* parent = nullptr);
  ~PictureFeed() override;  // does not wait for other threads

  // Whether a scene of so many pieces is drawn at once: within about a millisecond.
  [[nodiscard]] static bool is_quick(std::size_t pieces) { return pieces <= kQuick; }
  // `frame` is what the scene shows, `content` which numbers: a later one is greater. `scene` is left to be filled
  // again.
  void want(Scene& scene, const Frame& frame, std::uint64_t content);

  [[nodiscard]] const QImage& picture() const { return picture_; }   // null: there was none yet
  [[nodiscard]] const Frame& frame() const { return shown_.frame; }  // of the picture
  [[nodiscard]] std::uint64_t content() const { return shown_.content; }
  [[nodiscard]] bool is_current() const { return !waiting_ && !running_; }

 Q_SIGNALS:
  void arrived();  // another picture, which was not drawn at once

 private:
  static constexpr std::size_t kQuick = 16'000;
  struct Work;
  void start();
  void take();

  struct Label {
    Frame frame;
    std::uint64_t content = 0;
  };

  std::shared_ptr<Work> work_;  // also held by the thread that works on it
  QFutureWatcher<void> watcher_;
  QImage picture_;
  Label shown_, running_label_, next_label_;
  Scene next_;
  bool waiting_ = false;  // next_ is to be drawn
  bool running_ = false;
};

}  // namespace athanor::widgets
