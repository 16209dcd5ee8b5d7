#include "core/data/probe.h"

#include "core/base/files.h"
#include "core/data/permutation.h"

#include <algorithm>
#include <map>
#include <set>

namespace athanor::data {

Result<std::vector<Probe>> probe_set(const Dataset& dataset, const Selection& selection, int count,
                                     std::uint64_t seed) {
  auto selected = dataset.select(selection);
  if (!selected) return tl::unexpected(selected.error());
  const auto concept_of = [&](std::size_t picture) -> const Concept& {
    return dataset.concepts()[static_cast<std::size_t>(dataset.pictures()[picture].concept_id)];
  };
  // One queue per subgroup, each in an order of its own; then one from each in turn, so that few probes show many
  // kinds.
  std::map<std::string, std::vector<std::size_t>> queues;
  std::set<std::int32_t> seen;
  const KeyedPermutation order(selected->size(), seed, static_cast<std::uint64_t>(Purpose::probe));
  for (std::size_t i = 0; i < selected->size(); ++i) {
    const std::size_t picture = (*selected)[order(i)];
    if (seen.insert(dataset.pictures()[picture].concept_id).second)
      queues[concept_of(picture).subgroup].push_back(picture);
  }
  std::vector<Probe> probes;
  for (std::size_t round = 0; !queues.empty() && probes.size() < static_cast<std::size_t>(std::max(count, 0));
       ++round) {
    for (auto queue = queues.begin(); queue != queues.end() && probes.size() < static_cast<std::size_t>(count);) {
      const std::size_t picture = queue->second[round];
      probes.push_back(
          {picture, dataset.pictures()[picture].concept_id, concept_of(picture).in(selection.language)->name});
      queue = round + 1 < queue->second.size() ? std::next(queue) : queues.erase(queue);
    }
  }
  return probes;
}

Result<void> export_picture(const Dataset& dataset, std::size_t picture, const std::filesystem::path& file) {
  return write_file_atomically(file, dataset.png(picture));
}

}  // namespace athanor::data
