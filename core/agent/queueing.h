// Rows for the queue, out of recipes that were judged. Errors: invalid_input when a recipe has faults (each named) or
// the step to fork from is not there.
#pragma once

#include "core/agent/client.h"
#include "core/store/reader.h"
#include "core/store/writer.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace athanor::agent {

[[nodiscard]] Result<store::NewRun> new_run(const Enqueue& request, const std::optional<store::Job>& parent,
                                            const std::filesystem::path& runs);

// A sweep with the rows of its trials; `plan` is recipe::to_text of it.
[[nodiscard]] Result<std::pair<store::NewSweep, std::vector<store::NewRun>>> new_sweep(
    const Enqueue& request, const std::string& plan, const std::optional<store::Job>& parent,
    const std::filesystem::path& runs);

// What takes the place of a queued run's recipe. A fork still suits the run that it comes from, and of a run that is to
// go on only what changes nothing that is learnt may change.
[[nodiscard]] Result<store::NewRecipe> new_recipe(const store::Run& run, const store::Job& job,
                                                  const std::optional<store::Job>& parent, const Edit& edit);

}  // namespace athanor::agent
