#include "app/bridge/job_thread.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace athanor::app {

struct JobThread::Shared {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::deque<Entry> queue;
  std::chrono::milliseconds idle_interval{0};
  Job idle;
  bool idle_on = false;
};

JobThread::JobThread(QObject* parent) : QObject(parent), shared_(std::make_shared<Shared>()) {
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

JobThread::~JobThread() {
  thread_.request_stop();
  shared_->wake.notify_all();
  thread_.join();
}

void JobThread::post(QObject* guard, const QString& key, Job job) {
  Entry entry{guard, key, next_generation_++, std::move(job)};
  if (!key.isEmpty()) newest_[key] = entry.generation;
  {
    const std::lock_guard lock(shared_->mutex);
    if (!key.isEmpty()) std::erase_if(shared_->queue, [&](const Entry& other) { return other.key == key; });
    shared_->queue.push_back(std::move(entry));
  }
  shared_->wake.notify_one();
}

void JobThread::set_idle(std::chrono::milliseconds interval, Job job) {
  const std::lock_guard lock(shared_->mutex);
  shared_->idle_interval = interval;
  shared_->idle = std::move(job);
}

void JobThread::set_idle_enabled(bool on) {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->idle_on = on;
  }
  shared_->wake.notify_one();
}

void JobThread::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Entry entry;
    {
      std::unique_lock lock(shared_->mutex);
      const auto ready = [this] { return !shared_->queue.empty(); };
      bool idle = false;
      if (shared_->idle_on && shared_->idle)
        idle = !shared_->wake.wait_for(lock, stop, shared_->idle_interval, ready);
      else
        shared_->wake.wait(lock, stop, [&] { return ready() || shared_->idle_on; });
      if (stop.stop_requested()) return;
      if (!shared_->queue.empty()) {
        entry = std::move(shared_->queue.front());
        shared_->queue.pop_front();
      } else if (idle) {
        entry.job = shared_->idle;
      } else {
        continue;
      }
    }
    if (Deliver result = entry.job(stop)) deliver(std::move(entry), std::move(result));
  }
}

void JobThread::deliver(Entry entry, Deliver result) {
  entry.job = {};
  QMetaObject::invokeMethod(
      this,
      [this, kept = std::move(entry), handed = std::move(result)] {
        if (!kept.key.isEmpty()) {
          const auto newest = newest_.find(kept.key);
          if (newest != newest_.end() && newest->second != kept.generation) return;
        }
        // Jobs of the idle kind have no guard and belong to this thread's owner.
        if (kept.generation != 0 && kept.guard.isNull()) return;
        handed();
      },
      Qt::QueuedConnection);
}

}  // namespace athanor::app
