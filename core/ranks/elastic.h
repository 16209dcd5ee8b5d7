// Training that goes on although ranks are lost. Whoever is left keeps what it has learnt; with the process that takes
// the lost one's place, or without it, they agree on one state, which is that of rank 0 where it is left, and take the
// step that was under way again. Nothing of it is read from a disk, and the numbers are those of a run in which nothing
// happened; where fewer go on, only with gradients in fp32, for what coding took away is then forgotten.
//
// Where ranks share the state, each keeps its part in memory that outlives it (state_keeper.h), and all go back to the
// last step of which every part was kept; where there is none, to the last checkpoint, of which each reads its part.
// Where layers are to move between stages (stage_balance.h), all wait for the checkpoint, and each reads its new part
// of it.
#pragma once

#include "core/assembly/assembly.h"
#include "core/ranks/balance.h"
#include "core/ranks/rank_link.h"
#include "core/ranks/stage_balance.h"
#include "core/ranks/work_watch.h"
#include "core/train/trainer.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace athanor::runner {

// Of a rank other than the first: where its part of the state comes from.
struct PartSource {
  std::filesystem::path checkpoint;  // empty: the beginning of the run
  bool is_foreign = false;           // it is another run's
  bool is_fresh = false;             // what is learnt is still as it was assembled
};

struct Elastic {
  const recipe::Recipe& recipe;
  Assembly& assembly;
  RankLink* link;            // null: there is but one rank, and nothing to lose
  train::Progress progress;  // in and out
  bool knows = true;         // this rank has the state that `progress` tells of
  std::int64_t told = -1;    // the last step of which the journal has figures, where another process began it
  // Of rank 0, for when nobody knows: brings back what was saved, tells of it, and says how far that is. It is given
  // what the recovery has taken so far.
  std::function<train::Progress(const journal::Recovery&)> restore = {};
  // Where ranks share the state. Of rank 0: the checkpoint that it holds now, empty for the beginning of the run.
  std::function<std::filesystem::path()> source = {};
  // Reads what this rank has of it.
  std::function<void(const PartSource&)> load = {};
  std::filesystem::path checkpoints = {};  // of the run
  // Before this rank leaves its group. The step of a checkpoint that was being written and is lost; negative: none.
  std::function<std::int64_t()> part = {};
  std::function<void(const std::string&)> warn = [](const std::string&) {};
  std::function<void(journal::StragglerSeen)> tell_slow = [](const journal::StragglerSeen&) {};
  bool saves_first = false;     // the run is to keep what it begins, or goes on, with
  std::int64_t lost_save = -1;  // what part() said
  bool is_fresh = true;         // of the others: nothing was loaded yet
  WorkWatch* watch = nullptr;   // is told of the ranks; null: nobody asks which is slow
  // With a watch; nothing where all have equal shares, or stages stay as the recipe cuts them.
  std::optional<Balance> balance = make_balance(recipe);
  std::optional<StageBalance> stages = make_stage_balance(recipe);
  std::optional<LayerWork> cut = {};  // that the assembly has; nothing: the recipe's
};

// Runs the plan to its end. A recovery is told as a Recovery once the next step is done. Throws Failure where what went
// wrong is no lost rank, or where none takes its place; rank 0 then saves what it knows, and `stopped` is the answer
// where a stop was asked for.
[[nodiscard]] train::Outcome train_elastic(Elastic& elastic, const train::Plan& plan, const train::Ports& ports);

}  // namespace athanor::runner
