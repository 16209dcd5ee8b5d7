#include "app/controllers/checkpoints.h"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace athanor::app {

void add_checkpoints(std::vector<Checkpoint>& out, const std::vector<store::Occurrence>& occurrences) {
  for (const store::Occurrence& occurrence : occurrences)
    if (const auto* written = std::get_if<journal::CheckpointWritten>(&occurrence.payload))
      out.emplace_back(written->step, written->path);
}

// Older ones give way to newer ones without a word of it in the journal.
std::vector<std::int64_t> steps_held(const std::filesystem::path& run, const std::vector<Checkpoint>& checkpoints) {
  std::set<std::int64_t> steps;
  std::error_code code;
  for (const auto& [step, folder] : checkpoints)
    if (std::filesystem::exists(run / folder / "COMPLETE", code)) steps.insert(step);
  return {steps.begin(), steps.end()};
}

Result<std::vector<std::int64_t>> fork_steps(store::Reader& reader, store::RunId run) {
  const auto row = reader.run(run);
  if (!row) return tl::unexpected<Error>(row.error());
  const auto occurrences = reader.occurrences(run);
  if (!occurrences) return tl::unexpected<Error>(occurrences.error());
  std::vector<Checkpoint> checkpoints;
  add_checkpoints(checkpoints, *occurrences);
  return steps_held(row->directory, checkpoints);
}

std::optional<std::int64_t> nearest_step(const std::vector<std::int64_t>& steps, std::int64_t step) {
  const auto nearest = std::ranges::min_element(steps, {}, [step](std::int64_t at) { return std::abs(at - step); });
  return nearest == steps.end() ? std::nullopt : std::optional(*nearest);
}

}  // namespace athanor::app
