#include "app/stores/queue_store.h"

namespace athanor::app {
namespace {

bool say_the_same(const agent::QueueEntry& a, const agent::QueueEntry& b) {
  return a.position == b.position && a.why == b.why && a.waits_for == b.waits_for && a.room == b.room &&
         a.text == b.text && a.job.priority == b.job.priority && a.job.hold == b.job.hold;
}

}  // namespace

const agent::QueueEntry* QueueStore::find(store::RunId run) const {
  const auto found = places_.find(run);
  return found == places_.end() ? nullptr : &queued_[found->second];
}

void QueueStore::set(agent::QueueView view) {
  std::vector<store::RunId> runs;
  std::unordered_map<store::RunId, std::size_t> places;
  for (std::size_t i = 0; i < view.queued.size(); ++i) {
    const agent::QueueEntry& entry = view.queued[i];
    places.emplace(entry.job.run, i);
    const agent::QueueEntry* before = find(entry.job.run);
    if (before == nullptr || !say_the_same(*before, entry)) runs.push_back(entry.job.run);
  }
  for (const agent::QueueEntry& entry : queued_)
    if (!places.contains(entry.job.run)) runs.push_back(entry.job.run);
  const bool was_held = std::exchange(held_, view.settings.held);
  queued_ = std::move(view.queued);
  places_ = std::move(places);
  if (!runs.empty() || was_held != held_) Q_EMIT changed(runs);
}

}  // namespace athanor::app
