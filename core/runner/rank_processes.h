// A run on several ranks: each is a process of this program, started and watched by one that computes nothing itself.
#pragma once

#include "core/assembly/recipe_input.h"
#include "core/assembly/run_directory.h"
#include "core/runner/commands.h"
#include "core/runner/console.h"

namespace athanor::runner {

// Starts the ranks that the recipe asks for and stays until all have ended. A wish to stop is passed on to them. Their
// messages go to logs/rank-<k>.log of the run, those of rank 0 to this console. A rank that is killed is replaced, and
// the others go on with it (core/ranks/elastic.h), unless ranks are lost so often that nothing is done in between.
// Ranks outlive this process no longer than their step takes: its death is a wish to stop. Returns the exit status of
// rank 0; throws Failure naming the rank that was lost for good.
int run_ranks(const RunDirectory& directory, const SoundRecipe& sound, const TrainOptions& options, Console& console);

// What a rank other than the first does from its beginning to its end; returns the exit status.
int run_follower(const TrainOptions& options, Console& console);

}  // namespace athanor::runner
