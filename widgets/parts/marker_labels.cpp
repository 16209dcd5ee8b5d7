#include "widgets/parts/marker_labels.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace athanor::widgets {
namespace {

constexpr double kGap = 4;

// Markers that share a label: their words in the order they came, each once with how often.
struct Group {
  double x = 0;
  std::vector<std::pair<QString, int>> words;

  void add(const QString& word, int times) {
    const auto known = std::ranges::find(words, word, &std::pair<QString, int>::first);
    if (known == words.end())
      words.emplace_back(word, times);
    else
      known->second += times;
  }
  [[nodiscard]] QString text() const {
    QStringList parts;
    for (const auto& [word, times] : words) parts << (times > 1 ? word + QStringLiteral(" ×%1").arg(times) : word);
    return parts.join(QStringLiteral(", "));
  }
};

}  // namespace

std::vector<MarkerLabel> marker_labels(std::vector<MarkedPlace> markers, double left, double right,
                                       const std::function<double(const QString&)>& width) {
  std::erase_if(markers, [&](const MarkedPlace& marker) { return marker.x < left || marker.x > right; });
  std::ranges::stable_sort(markers, {}, &MarkedPlace::x);
  const auto begin = [&](const Group& group) { return std::max(left, std::min(group.x, right - width(group.text()))); };
  std::vector<Group> groups;
  for (const MarkedPlace& marker : markers) {
    groups.push_back({marker.x, {{marker.text, 1}}});
    // A label at the right edge moves to the left, and a joined one grows to the right: both may reach the next.
    while (groups.size() > 1) {
      Group& before = groups[groups.size() - 2];
      if (begin(before) + width(before.text()) + kGap <= begin(groups.back())) break;
      for (const auto& [word, times] : groups.back().words) before.add(word, times);
      groups.pop_back();
    }
  }
  std::vector<MarkerLabel> out;
  for (const Group& group : groups) out.push_back({begin(group), group.text()});
  return out;
}

}  // namespace athanor::widgets
