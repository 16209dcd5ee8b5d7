// A run goes on, and is judged, on the data and with the recipe it was trained with, or not at all.
#pragma once

#include "core/checkpoint/checkpoint.h"
#include "core/runner/provenance.h"

#include <string>

namespace athanor::runner {

// Throws Failure(invalid_input) when the data set's digest or a deciding field of the recipe differs from what the run
// noted. `state` is the checkpoint's, null without one; what an older program did not note is not compared.
void check_unchanged(const std::string& intention, const SoundRecipe& sound, const std::optional<Origin>& origin,
                     const checkpoint::TrainingState* state);

}  // namespace athanor::runner
