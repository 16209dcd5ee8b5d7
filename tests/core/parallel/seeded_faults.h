// Faults planted into good schedules, and an executor that tells good from bad in its own way. Shared by the tests and
// the benchmark of the validator.
#pragma once

#include "core/parallel/validate.h"

#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace athanor::parallel::test {

// Whether doing the ops does the work: an executor with real first-in first-out channels, which knows nothing of the
// validator. Every op of a rank in order; a result is used only where it is; each receive gets the oldest message.
[[nodiscard]] bool executes(const Schedule& schedule);

// A way to spoil a schedule so that it is surely wrong, and what the validator must call it. Nothing where the schedule
// does not have what it takes.
struct Seed {
  std::string name;
  FaultKind expected;
  std::function<bool(Schedule&, std::minstd_rand&)> plant;  // false: nothing planted
};
[[nodiscard]] const std::vector<Seed>& seeds();

// A good schedule in a random order of ops, on random ranks.
[[nodiscard]] Schedule random_schedule(int ranks, int stages, int micro_batches, std::minstd_rand& random);

// The most that any rank holds at once.
[[nodiscard]] std::vector<double> peaks(const Schedule& schedule, const std::vector<StageCost>& stages);

}  // namespace athanor::parallel::test
