// What each rank of a run needs: memory by owner, and bytes on the wire. Ranks that do alike are counted once.
#pragma once

#include "core/assembly/recipe_input.h"
#include "core/forecast/dry_run.h"
#include "core/recipe/prediction.h"

#include <cstdint>
#include <functional>

namespace athanor::runner {

[[nodiscard]] DrySizes dry_sizes(const SoundRecipe& sound);
// What a rank holds of the data set beside its tensors, under `recipe`, which is the sound one or another of its
// layout.
[[nodiscard]] std::int64_t data_bytes(const SoundRecipe& sound, const recipe::Recipe& recipe);

struct RankSetting {
  std::int64_t data_bytes = 0;
  std::int64_t copies = 0;   // of checkpoints being written, at most
  bool keeps_state = false;  // in memory, as runs do that ask for it; a measurement does not
  double program_bytes = 0;  // 0: as programs usually have
};
// Of what a run from step `done` on needs: all that it copies of its state.
[[nodiscard]] RankSetting setting_of_run(const SoundRecipe& sound, const recipe::Recipe& recipe, std::int64_t done = 0);
// What a rank copies of its state under a setting.
[[nodiscard]] std::int64_t copied_bytes(const DryRun& dry, const RankSetting& setting);
// How often a run writes a checkpoint; a fork keeps what it begins with.
[[nodiscard]] std::int64_t saves(const SoundRecipe& sound, std::int64_t done);
// Fills memory, ranks, wire, schedule and the figures that sum them up, a checkpoint's bytes among them. `first` is the
// dry run of rank 0. `see` is told of every dry run, and how many ranks do alike; may be empty.
void fill_ranks(recipe::Prediction& out, const DryWorld& world, const DryRun& first, const RankSetting& setting,
                const std::function<void(const DryRun& dry, int count)>& see = {});

// What each rank takes at least, whatever its part of the model is.
[[nodiscard]] std::int64_t least_memory(const recipe::Recipe& recipe, const RankSetting& setting);
// Of all ranks together.
[[nodiscard]] std::int64_t memory_of_all(const recipe::Prediction& prediction);
// The share of a step that ranks of a pipeline wait, by simulation with stages that take as long as their arithmetic;
// 0 for one stage.
[[nodiscard]] recipe::SchedulePrediction predict_schedule(const DryWorld& world);

}  // namespace athanor::runner
