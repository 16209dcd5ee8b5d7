#include "app/stores/run_store.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

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

}  // namespace

const store::Run* RunStore::find(store::RunId id) const {
  const int row = row_of(id);
  return row < 0 ? nullptr : &runs_[static_cast<std::size_t>(row)];
}

int RunStore::row_of(store::RunId id) const {
  const auto found = std::find_if(runs_.begin(), runs_.end(), [id](const store::Run& run) { return run.id == id; });
  return found == runs_.end() ? -1 : static_cast<int>(found - runs_.begin());
}

bool RunStore::has_live_runs() const {
  return std::any_of(runs_.begin(), runs_.end(), [](const store::Run& run) { return store::is_live(run.status); });
}

void RunStore::apply(std::vector<store::Run> runs) {
  std::erase_if(runs,
                [this](const store::Run& run) { return run.deleted_ns.has_value() != (holds_ == Holds::deleted); });
  std::stable_sort(runs.begin(), runs.end(), [](const store::Run& a, const store::Run& b) {
    return a.pinned != b.pinned ? a.pinned : a.created_ns != b.created_ns ? a.created_ns > b.created_ns : a.id > b.id;
  });
  std::unordered_map<store::RunId, std::size_t> place;
  for (std::size_t i = 0; i < runs.size(); ++i) place[runs[i].id] = i;

  // Rows that are gone, or whose place among the others changed, leave; they come back where they belong now.
  const auto stays = [&, last = std::ptrdiff_t{-1}](const store::Run& run) mutable {
    const auto found = place.find(run.id);
    if (found == place.end() || static_cast<std::ptrdiff_t>(found->second) < last) return false;
    last = static_cast<std::ptrdiff_t>(found->second);
    return true;
  };
  std::vector<bool> keep(runs_.size());
  auto judge = stays;
  for (std::size_t i = 0; i < runs_.size(); ++i) keep[i] = judge(runs_[i]);
  for (std::size_t end = runs_.size(); end > 0;) {
    if (keep[end - 1]) {
      --end;
      continue;
    }
    std::size_t first = end - 1;
    while (first > 0 && !keep[first - 1]) --first;
    Q_EMIT rows_about_to_be_removed(static_cast<int>(first), static_cast<int>(end) - 1);
    runs_.erase(runs_.begin() + static_cast<std::ptrdiff_t>(first), runs_.begin() + static_cast<std::ptrdiff_t>(end));
    Q_EMIT rows_removed();
    end = first;
  }

  std::unordered_set<store::RunId> present;
  for (const store::Run& run : runs_) present.insert(run.id);
  for (std::size_t i = 0; i < runs.size();) {
    if (present.contains(runs[i].id)) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < runs.size() && !present.contains(runs[end].id)) ++end;
    Q_EMIT rows_about_to_be_inserted(static_cast<int>(i), static_cast<int>(end) - 1);
    runs_.insert(runs_.begin() + static_cast<std::ptrdiff_t>(i), runs.begin() + static_cast<std::ptrdiff_t>(i),
                 runs.begin() + static_cast<std::ptrdiff_t>(end));
    Q_EMIT rows_inserted();
    i = end;
  }

  for (std::size_t i = 0; i < runs.size();) {
    if (same(runs_[i], runs[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    for (; end < runs.size() && !same(runs_[end], runs[end]); ++end) runs_[end] = std::move(runs[end]);
    Q_EMIT rows_changed(static_cast<int>(i), static_cast<int>(end) - 1);
    i = end;
  }
  loaded_ = true;
  Q_EMIT applied();
}

}  // namespace athanor::app
