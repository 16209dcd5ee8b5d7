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
  Frame frame;
  QImage picture;
};

PictureFeed::PictureFeed(QObject* parent) : QObject(parent), work_(std::make_shared<Work>()) {
  connect(&watcher_, &QFutureWatcher<void>::finished, this, &PictureFeed::take);
}

PictureFeed::~PictureFeed() = default;

void PictureFeed::want(Scene& scene, const Frame& frame) {
  if (!running_ && is_quick(scene.pieces())) {
    waiting_ = false;
    work_->raster.draw(scene, picture_);
    picture_.setDevicePixelRatio(frame.scale);
    frame_ = frame;
    return;
  }
  std::swap(next_, scene);
  next_frame_ = frame;
  waiting_ = true;
  if (!running_) start();
}

void PictureFeed::start() {
  std::swap(work_->scene, next_);
  work_->frame = next_frame_;
  waiting_ = false;
  running_ = true;
  auto promise = std::make_shared<QPromise<void>>();
  watcher_.setFuture(promise->future());
  promise->start();
  threads().start([work = work_, promise] {
    work->raster.draw(work->scene, work->picture, over_threads);
    promise->finish();
  });
}

void PictureFeed::take() {
  if (!running_) return;
  running_ = false;
  std::swap(picture_, work_->picture);
  frame_ = work_->frame;
  picture_.setDevicePixelRatio(frame_.scale);
  if (waiting_) start();
  Q_EMIT arrived();
}

}  // namespace athanor::widgets
