// Reads many curves at once: several connections to history.db, each on a thread of its own, share them out. More
// threads than cores pay, as they mostly wait for the disk. Opened at the first question. GUI thread only.
#pragma once

#include "app/bridge/history_reader.h"

#include <atomic>
#include <map>
#include <mutex>
#include <vector>

namespace athanor::app {

class CurveReaders final : public QObject {
  Q_OBJECT
 public:
  explicit CurveReaders(std::filesystem::path file, QObject* parent = nullptr);
  ~CurveReaders() override;

  struct Question {
    std::vector<store::CurveKey> keys;
    std::vector<store::CurveRange> ranges;  // one each
  };
  // `make` turns what was read of a curve, by its place in the question, into what is wanted of it, on the threads that
  // read. `done` is told all of them, in order, or what went wrong; not when the guard is gone, or something newer was
  // asked with the same key.
  template <class T>
  void ask(QObject* guard, const QString& key, Question question,
           std::function<T(std::size_t, std::vector<store::Bucket>)> make,
           std::function<void(Result<std::vector<T>>)> done);

 Q_SIGNALS:
  void damage_found(const std::vector<athanor::store::DamagedSamples>& damaged);

 private:
  static constexpr std::size_t kAtOnce = 8;  // curves of one commit
  template <class T>
  struct Work;
  template <class T>
  static Result<bool> do_share(Work<T>& work, store::Reader& reader);
  void open();
  std::shared_ptr<std::atomic<bool>> begin(const QString& key);  // whether it is not wanted any more

  std::filesystem::path file_;
  std::vector<std::unique_ptr<HistoryReader>> readers_;
  std::map<QString, std::shared_ptr<std::atomic<bool>>> asked_;
};

template <class T>
struct CurveReaders::Work {
  Question question;
  std::function<T(std::size_t, std::vector<store::Bucket>)> make;
  std::vector<T> made;
  std::shared_ptr<std::atomic<bool>> unwanted;
  std::atomic<std::size_t> next{0}, left{0};
  std::mutex mutex;
  std::vector<store::DamagedSamples> damaged;
  bool told = false;  // GUI thread
};

// Whether this was the last share.
template <class T>
Result<bool> CurveReaders::do_share(Work<T>& work, store::Reader& reader) {
  const std::size_t all = work.question.keys.size();
  while (!*work.unwanted) {
    const std::size_t first = work.next.fetch_add(kAtOnce);
    if (first >= all) break;
    const std::size_t count = std::min(kAtOnce, all - first);
    auto curves = reader.curves(std::span(work.question.keys).subspan(first, count),
                                std::span(work.question.ranges).subspan(first, count));
    if (auto damaged = reader.take_damage(); !damaged.empty()) {
      const std::lock_guard lock(work.mutex);
      work.damaged.insert(work.damaged.end(), damaged.begin(), damaged.end());
    }
    if (!curves) return tl::unexpected<Error>(curves.error());
    for (std::size_t i = 0; i < count; ++i) work.made[first + i] = work.make(first + i, std::move((*curves)[i]));
    if (work.left.fetch_sub(count) == count) return true;
  }
  return false;
}

template <class T>
void CurveReaders::ask(QObject* guard, const QString& key, Question question,
                       std::function<T(std::size_t, std::vector<store::Bucket>)> make,
                       std::function<void(Result<std::vector<T>>)> done) {
  open();
  auto work = std::make_shared<Work<T>>();
  work->question = std::move(question);
  work->make = std::move(make);
  work->made.resize(work->question.keys.size());
  work->left = work->made.size();
  work->unwanted = begin(key);
  if (work->made.empty()) return done(std::vector<T>());
  const auto take = [this, work, tell = std::move(done)](Result<bool> is_last) {
    if (work->told || (is_last && !*is_last)) return;
    work->told = true;
    if (!work->damaged.empty()) Q_EMIT damage_found(work->damaged);
    if (is_last) return tell(std::move(work->made));
    *work->unwanted = true;
    tell(tl::unexpected<Error>(is_last.error()));
  };
  for (const auto& reader : readers_)
    reader->ask<bool>(
        guard, key, [work](store::Reader& store) { return do_share(*work, store); }, take);
}

}  // namespace athanor::app
