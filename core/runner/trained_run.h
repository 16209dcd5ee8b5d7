// A run as one of its checkpoints left it, opened to be judged or exported.
#pragma once

#include "core/assembly/assembly.h"
#include "core/assembly/recipe_input.h"
#include "core/assembly/run_directory.h"
#include "core/checkpoint/checkpoint.h"
#include "core/runner/console.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace athanor::runner {

struct TrainedRun {
  RunDirectory directory;
  SoundRecipe sound;
  checkpoint::TrainingState state;
  std::vector<checkpoint::Skipped> passed_over;  // newer checkpoints that are not whole
  Assembly assembly;  // holds the checkpoint's weights and number formats; the optimizer is fresh
};

// `run` is a folder, a name or a number; without a step the newest whole checkpoint is taken, and the console told
// which were passed over. `verb` begins what an error says was intended ("judge"). Throws Failure when the run, its
// recipe or its data are not what they were.
[[nodiscard]] TrainedRun open_trained_run(const std::string& run, std::optional<std::int64_t> step,
                                          const std::string& verb, Console& console);

// [{"checkpoint": …, "reason": …}]: part of every answer that rests on an older checkpoint than there seems to be.
[[nodiscard]] nlohmann::json passed_over_json(const TrainedRun& run);

}  // namespace athanor::runner
