#include "widgets/plot/picture_feed.h"

#include <QPromise>
#include <QSemaphore>
#include <QThread>
#include <QThreadPool>

#include <utility>

namespace athanor::widgets {
namespace {

// Of its own, so that pictures never wait behind slower work.
QThreadPool& threads() {
  static QThreadPool pool;
  static const bool kSet = [] {
    pool.setMaxThreadCount(std::max(1, QThread::idealThreadCount()));
    return true;
  }();
  static_cast<void>(kSet);
  return pool;
}

// Gives parts to idle threads, and does itself what none is free for.
void over_threads(int count, const std::function<void(int)>& job) {
  QSemaphore done;
  int given = 0;
  for (int i = 1; i < count; ++i) {
    const bool taken = threads().tryStart([&job, &done, i] {
      job(i);
      done.release();
    });
    if (taken)
      ++given;
    else
      job(i);
  }
  job(0);
  done.acquire(given);
}

}  // namespace

struct PictureFeed::Work {
  Raster raster;
  Scene scene;
  QImage picture;
};

PictureFeed::PictureFeed(QObject* parent) : QObject(parent), work_(std::make_shared<Work>()) {
  connect(&watcher_, &QFutureWatcher<void>::finished, this, &PictureFeed::take);
}

PictureFeed::~PictureFeed() = default;

// Scenes share the numbers of their curves, which are let go as soon as they are drawn.
void PictureFeed::want(Scene& scene, const Frame& frame, std::uint64_t content) {
  if (!running_ && is_quick(scene.pieces())) {
    work_->raster.draw(scene, picture_);
    picture_.setDevicePixelRatio(frame.scale);
    scene.curves.clear();
    shown_ = {frame, content};
    return;
  }
  std::swap(next_, scene);
  next_label_ = {frame, content};
  waiting_ = true;
  if (!running_) start();
}

void PictureFeed::start() {
  std::swap(work_->scene, next_);
  running_label_ = next_label_;
  waiting_ = false;
  running_ = true;
  auto promise = std::make_shared<QPromise<void>>();
  watcher_.setFuture(promise->future());
  promise->start();
  threads().start([work = work_, promise] {
    work->raster.draw(work->scene, work->picture, over_threads);
    work->scene.curves.clear();
    promise->finish();
  });
}

void PictureFeed::take() {
  if (!running_) return;
  running_ = false;
  std::swap(picture_, work_->picture);
  shown_ = running_label_;
  picture_.setDevicePixelRatio(shown_.frame.scale);
  if (waiting_) start();
  Q_EMIT arrived();
}

}  // namespace athanor::widgets
