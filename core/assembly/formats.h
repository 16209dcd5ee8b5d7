// Between a recipe's wishes for number formats, the session that carries them out, and the journal.
#pragma once

#include "core/assembly/run_directory.h"
#include "core/journal/event.h"
#include "core/nn/scope.h"
#include "core/precision/session.h"
#include "core/recipe/recipe.h"

#include <memory>
#include <vector>

namespace athanor::runner {

[[nodiscard]] precision::Settings precision_settings(const recipe::Recipe& recipe);
[[nodiscard]] precision::DeviceTraits device_traits(Device device);
// Null where the recipe asks for nothing but f32. Makes masters bf16 where asked, so optimizers come after it. Reads
// the decisions to repeat; throws Failure when they cannot be.
[[nodiscard]] std::unique_ptr<precision::Session> make_precision(const recipe::Recipe& recipe, Context& context,
                                                                 const nn::ParameterSet& parameters);

// What was resolved: one decision for the run, one for each reason why layers are not done as asked.
[[nodiscard]] std::vector<journal::PrecisionDecision> decisions(const precision::Resolution& resolution,
                                                                std::int64_t step);
// Changes of a run that had effect: those that a recovery superseded are left out. Throws Failure: invalid_input when
// it has not begun, corrupt when its journal is damaged.
[[nodiscard]] std::vector<precision::RecordedChange> recorded_changes(const RunDirectory& run);

}  // namespace athanor::runner
