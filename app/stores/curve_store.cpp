#include "app/stores/curve_store.h"

namespace athanor::app {
namespace {
constexpr std::size_t kMost = 20'000;  // some ten megabytes
}

const CurveStore::Entry* CurveStore::find(store::RunId run) const {
  const auto found = entries_.find(run);
  return found == entries_.end() ? nullptr : &found->second;
}

void CurveStore::set(store::RunId run, Entry entry) {
  if (entries_.size() >= kMost) entries_.clear();  // whatever is in view comes back at once
  entries_[run] = std::move(entry);
  Q_EMIT curve_changed(run);
}

}  // namespace athanor::app
