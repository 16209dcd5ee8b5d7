#include "core/forecast/facts.h"

#include "core/assembly/assembly.h"
#include "core/assembly/gpus.h"
#include "core/observe/process.h"

#include <algorithm>
#include <cmath>

namespace athanor::runner {
namespace {

// Multiples of `every` in (done, steps], and the last step in any case.
std::int64_t occasions(std::int64_t every, std::int64_t steps, std::int64_t done) {
  if (done >= steps) return 0;
  const std::int64_t regular = every > 0 ? steps / every - done / every : 0;
  const bool last_is_regular = every > 0 && steps % every == 0;
  return regular + (last_is_regular ? 0 : 1);
}

}  // namespace

std::int64_t device_memory(const recipe::Recipe& recipe) {
  return resolve_device(recipe).kind == DeviceKind::cuda ? gpus().front().memory_bytes
                                                         : observe::machine().memory_bytes;
}

double waiting(const recipe::Recipe& recipe, double bubble) {
  const double alone = 1 / (1 - bubble);
  if (resolve_device(recipe).kind == DeviceKind::cuda) return alone;
  const int ranks = parallel::world_size(mesh_of(recipe)), threads = resolve_threads(recipe);
  return std::max(alone, static_cast<double>(ranks * threads) / std::max(observe::machine().cores, threads));
}

double mean(const std::vector<double>& values) {
  if (values.empty()) return 0;
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

int size_class(double flops) { return flops >= 2 ? static_cast<int>(std::log2(flops)) : 0; }

std::int64_t evaluations(const train::Plan& plan, std::int64_t done) {
  return occasions(plan.evaluate_every, plan.steps, done) + (done == 0 ? 1 : 0);
}

std::int64_t checkpoints(const train::Plan& plan, std::int64_t done) {
  return occasions(plan.checkpoint_every, plan.steps, done);
}

}  // namespace athanor::runner
