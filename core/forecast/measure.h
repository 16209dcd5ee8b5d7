// Measures a recipe on this machine by doing a few real steps of it and throwing the result away.
#pragma once

#include "core/assembly/calibration.h"
#include "core/assembly/recipe_input.h"
#include "core/comm/group.h"

namespace athanor::runner {

struct Measured {
  ShapeTimes times;
  OpRates rates;
  std::int64_t reserved_bytes = 0;  // of its allocator at most
};

// About `budget_s` long, but at least one step beyond the first. Ranks of a group measure together, and it is the first
// whose time runs out for all; without them one does its share of the work and hears nothing of the others. Leaves no
// trace but the time it took; start_s is only the assembly's share, and checkpoint_s and program_bytes are left open.
[[nodiscard]] Measured measure(const SoundRecipe& sound, double budget_s, comm::Group* group = nullptr);
// All ranks of the recipe as threads of this process, which share its cores as processes would; as the first one sees
// it.
[[nodiscard]] Measured measure_together(const SoundRecipe& sound, double budget_s);

}  // namespace athanor::runner
