// What a recipe will cost on this machine: memory from a dry run of its own code, time from measurement.
#pragma once

#include "core/assembly/calibration.h"
#include "core/assembly/recipe_input.h"
#include "core/comm/group.h"
#include "core/recipe/prediction.h"

#include <cstdint>

namespace athanor::runner {

enum class Effort {
  quick,     // scales from shapes like this one; computes only where none was measured here and a few steps are cheap
  thorough,  // does a few real steps, unless this shape was measured here a moment ago
};

struct Forecast {
  recipe::Prediction prediction;
  ShapeTimes times;
  double spent_s = 0;                // what making this forecast took
  std::int64_t accounted_bytes = 0;  // allocator and data: peak memory without the program itself
};

// `done`: steps that need not be taken any more. Where `group` is given it is rank 0 that predicts, and the others
// assist: what is measured is then measured with all of them. Throws Failure.
[[nodiscard]] Forecast forecast(const SoundRecipe& sound, Effort effort, std::int64_t done = 0,
                                comm::Group* group = nullptr);
void assist_forecast(const SoundRecipe& sound, comm::Group& group);

}  // namespace athanor::runner
