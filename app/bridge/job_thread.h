// The one way to do something off the GUI thread: a thread with a queue. A job yields a function that hands its result
// over; that function runs on the GUI thread, unless the guard is gone or a newer job with the same key was posted.
// Created, used and destroyed on the GUI thread; destruction stops, wakes and joins.
#pragma once

#include <QObject>
#include <QPointer>
#include <QString>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace athanor::app {

class JobThread final : public QObject {
  Q_OBJECT
 public:
  using Deliver = std::function<void()>;
  using Job = std::function<Deliver(const std::stop_token&)>;

  explicit JobThread(QObject* parent = nullptr);
  ~JobThread() override;

  // A queued job with the same key is replaced; the result of a running one is thrown away. An empty key replaces
  // nothing.
  void post(QObject* guard, const QString& key, Job job);
  // Called on the job thread whenever it has been idle for this long; an empty result delivers nothing.
  void set_idle(std::chrono::milliseconds interval, Job job);
  void set_idle_enabled(bool on);

 private:
  struct Entry {
    QPointer<QObject> guard;
    QString key;
    std::uint64_t generation = 0;
    Job job;
  };
  struct Shared;
  void work(const std::stop_token& stop);
  void deliver(Entry entry, Deliver result);

  std::shared_ptr<Shared> shared_;
  std::map<QString, std::uint64_t> newest_;  // GUI thread
  std::uint64_t next_generation_ = 1;
  std::jthread thread_;
};

}  // namespace athanor::app
