#include "widgets/lineage/lineage_rows.h"

#include <algorithm>
#include <functional>
#include <map>
#include <unordered_map>

namespace athanor::widgets {

std::vector<LineageRow> lineage_rows(const std::vector<LineageBar>& bars) {
  std::unordered_map<std::int64_t, std::size_t> places;
  for (std::size_t i = 0; i < bars.size(); ++i) places.emplace(bars[i].id, i);
  std::map<std::size_t, std::vector<std::size_t>> children;
  std::vector<std::size_t> roots;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const auto parent = places.find(bars[i].parent);
    if (parent == places.end() || parent->second == i)
      roots.push_back(i);
    else
      children[parent->second].push_back(i);
  }
  for (auto& [parent, below] : children)
    std::ranges::stable_sort(below, {}, [&](std::size_t i) { return bars[i].begin; });

  struct Waiting {
    std::size_t bar;
    int depth;
    std::ptrdiff_t parent;
  };
  std::vector<LineageRow> rows;
  std::vector<bool> placed(bars.size(), false);
  const auto place_family = [&](std::size_t root) {
    std::vector<Waiting> waiting = {{root, 0, -1}};
    while (!waiting.empty()) {
      const Waiting next = waiting.back();
      waiting.pop_back();
      if (placed[next.bar]) continue;
      placed[next.bar] = true;
      const auto row = std::ssize(rows);
      rows.push_back({next.bar, next.depth, next.parent});
      const auto below = children.find(next.bar);
      if (below == children.end()) continue;
      for (auto child = below->second.rbegin(); child != below->second.rend(); ++child)
        waiting.push_back({*child, next.depth + 1, row});
    }
  };
  for (const std::size_t root : roots) place_family(root);
  for (std::size_t i = 0; i < bars.size(); ++i)
    if (!placed[i]) place_family(i);
  return rows;
}

}  // namespace athanor::widgets
