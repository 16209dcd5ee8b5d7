#include "app/stores/curve_store.h"

#include <unordered_set>

namespace athanor::app {

const CurveStore::Entry* CurveStore::find(store::RunId run) const {
  const auto found = entries_.find(run);
  return found == entries_.end() ? nullptr : &found->second;
}

void CurveStore::set(std::vector<std::pair<store::RunId, Entry>> entries) {
  std::vector<store::RunId> runs;
  for (auto& [run, entry] : entries) {
    entries_[run] = std::move(entry);
    runs.push_back(run);
  }
  if (!runs.empty()) Q_EMIT curves_changed(runs);
}

void CurveStore::keep_only(const std::vector<store::Run>& present, const std::vector<store::Run>& deleted) {
  std::unordered_set<store::RunId> there;
  for (const auto* runs : {&present, &deleted})
    for (const store::Run& run : *runs) there.insert(run.id);
  std::erase_if(entries_, [&](const auto& entry) { return !there.contains(entry.first); });
}

}  // namespace athanor::app
