#include "app/stores/run_store.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace athanor::app {
namespace {

bool same(const std::vector<store::JournalDamage>& a, const std::vector<store::JournalDamage>& b) {
  const auto parts = [](const store::JournalDamage& damage) {
    return std::tie(damage.rank, damage.offset, damage.bytes, damage.tail, damage.reason);
  };
  return std::ranges::equal(a, b, {}, parts, parts);
}

bool same(const store::Run& a, const store::Run& b) {
  return a.status == b.status && a.step == b.step && a.steps == b.steps && a.last == b.last && a.name == b.name &&
         a.cause == b.cause && a.model == b.model && a.created_ns == b.created_ns && a.started_ns == b.started_ns &&
         a.ended_ns == b.ended_ns && a.parent == b.parent && a.tags == b.tags && a.note == b.note &&
         a.pinned == b.pinned && a.deleted_ns == b.deleted_ns && a.directory == b.directory && same(a.damage, b.damage);
}

// In the order of the store.
bool goes_before(const store::Run& a, const store::Run& b) {
  return a.pinned != b.pinned ? a.pinned : a.created_ns != b.created_ns ? a.created_ns > b.created_ns : a.id > b.id;
}

}  // namespace

const store::Run* RunStore::find(store::RunId id) const {
  const int row = row_of(id);
  return row < 0 ? nullptr : &runs_[static_cast<std::size_t>(row)];
}

int RunStore::row_of(store::RunId id) const {
  const auto found = rows_.find(id);
  return found == rows_.end() ? -1 : found->second;
}

bool RunStore::holds(const store::Run& run) const { return run.deleted_ns.has_value() == (holds_ == Holds::deleted); }

void RunStore::apply(std::vector<store::Run> runs) {
  std::sort(runs.begin(), runs.end(), goes_before);
  apply(store::RunChanges{.anew = true, .changed = std::move(runs)});
}

void RunStore::apply(store::RunChanges changes) {
  if (changes.anew && runs_.empty())
    replace_all(std::move(changes.changed));
  else if (changes.anew) {
    std::unordered_set<store::RunId> there;
    for (const store::Run& run : changes.changed) there.insert(run.id);
    std::vector<store::RunId> gone;
    for (const store::Run& run : runs_)
      if (!there.contains(run.id)) gone.push_back(run.id);
    update(std::move(changes.changed), gone);
  } else {
    update(std::move(changes.changed), changes.gone);
  }
}

// The first list, which comes in order.
void RunStore::replace_all(std::vector<store::Run> runs) {
  std::erase_if(runs, [this](const store::Run& run) { return !holds(run); });
  runs_ = std::move(runs);
  count();
  finish({.anew = true});
}

void RunStore::update(std::vector<store::Run> changed, const std::vector<store::RunId>& gone) {
  RunDelta delta;
  std::vector<store::Run> arrived;  // new ones, and those whose place changed
  std::vector<store::RunId> leaving;
  for (store::Run& run : changed) {
    const int row = row_of(run.id);
    if (row < 0) {
      if (!holds(run)) continue;
      delta.added.push_back(run.id);
      arrived.push_back(std::move(run));
      continue;
    }
    store::Run& known = runs_[static_cast<std::size_t>(row)];
    if (!holds(run)) {
      delta.removed.push_back(run.id);
      leaving.push_back(run.id);
    } else if (!same(known, run)) {
      delta.altered.push_back(run.id);
      live_ += (store::is_live(run.status) ? 1 : 0) - (store::is_live(known.status) ? 1 : 0);
      if (known.pinned == run.pinned && known.created_ns == run.created_ns) {
        known = std::move(run);
      } else {
        leaving.push_back(run.id);
        arrived.push_back(std::move(run));
      }
    }
  }
  for (const store::RunId id : gone) {
    if (row_of(id) < 0) continue;
    delta.removed.push_back(id);
    leaving.push_back(id);
  }
  put_in_place(std::move(arrived), leaving);
  finish(delta);
}

void RunStore::put_in_place(std::vector<store::Run> arrived, const std::vector<store::RunId>& leaving) {
  if (arrived.empty() && leaving.empty()) return;
  const std::unordered_set<store::RunId> out(leaving.begin(), leaving.end());
  if (!out.empty()) std::erase_if(runs_, [&out](const store::Run& run) { return out.contains(run.id); });
  std::sort(arrived.begin(), arrived.end(), goes_before);
  const auto middle = static_cast<std::ptrdiff_t>(runs_.size());
  runs_.insert(runs_.end(), std::make_move_iterator(arrived.begin()), std::make_move_iterator(arrived.end()));
  std::inplace_merge(runs_.begin(), runs_.begin() + middle, runs_.end(), goes_before);
  count();
}

void RunStore::count() {
  rows_.clear();
  rows_.reserve(runs_.size());
  live_ = 0;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    rows_.emplace(runs_[i].id, static_cast<int>(i));
    live_ += store::is_live(runs_[i].status) ? 1 : 0;
  }
}

void RunStore::finish(const RunDelta& delta) {
  loaded_ = true;
  if (!delta.is_empty()) Q_EMIT changed(delta);
  Q_EMIT applied();
}

}  // namespace athanor::app
