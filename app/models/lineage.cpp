#include "app/models/lineage.h"

#include <unordered_map>
#include <unordered_set>

namespace athanor::app {

std::vector<store::RunId> family_of(const RunStore& runs, const std::vector<store::RunId>& of) {
  std::unordered_map<store::RunId, std::vector<store::RunId>> kin;  // in both directions
  for (const store::Run& run : runs.runs()) {
    if (!run.parent) continue;
    kin[run.id].push_back(*run.parent);
    kin[*run.parent].push_back(run.id);
  }
  std::unordered_set<store::RunId> found(of.begin(), of.end());
  std::vector<store::RunId> waiting = of;
  while (!waiting.empty()) {
    const store::RunId run = waiting.back();
    waiting.pop_back();
    const auto near = kin.find(run);
    if (near == kin.end()) continue;
    for (const store::RunId other : near->second)
      if (found.insert(other).second) waiting.push_back(other);
  }
  std::vector<store::RunId> family;
  for (const store::Run& run : runs.runs())
    if (found.contains(run.id)) family.push_back(run.id);
  return family;
}

}  // namespace athanor::app
