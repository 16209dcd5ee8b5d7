#include "app/stores/curve_store.h"

#include <unordered_set>

namespace athanor::app {

const CurveStore::Entry* CurveStore::find(store::RunId run) const {
  const auto found = entries_.find(run);
  return found == entries_.end() ? nullptr : &found->second;
}

void CurveStore::set(store::RunId run, Entry entry) {
  entries_[run] = std::move(entry);
  Q_EMIT curve_changed(run);
}

void CurveStore::keep_only(const std::vector<store::Run>& runs) {
  if (entries_.size() <= runs.size()) return;
  std::unordered_set<store::RunId> there;
  for (const store::Run& run : runs) there.insert(run.id);
  std::erase_if(entries_, [&](const auto& entry) { return !there.contains(entry.first); });
}

}  // namespace athanor::app
