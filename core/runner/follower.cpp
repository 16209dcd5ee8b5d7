#include "core/assembly/assembly.h"
#include "core/distributed/share_state.h"
#include "core/journal/writer.h"
#include "core/runner/interrupt.h"
#include "core/runner/rank_processes.h"

#include <fmt/format.h>

namespace athanor::runner {
namespace {

// Rank 0 tells how the run goes; of the others only what they did when, and what went wrong.
bool is_own_business(const journal::Payload& payload) {
  return std::holds_alternative<journal::Span>(payload) || std::holds_alternative<journal::FaultSeen>(payload);
}

}  // namespace

int run_follower(const TrainOptions& options, Console& console) {
  const SoundRecipe sound = read_sound_recipe(options.recipe);
  const RunDirectory directory(options.run_directory);
  const auto journal = value_or_throw(journal::Writer::open(directory.journal(options.place->rank)));
  const auto group = join_ranks(*options.place, sound);
  const Assembly assembly = assemble(sound.recipe, sound.data.dataset, {}, group.get());
  distributed::SharedState shared;
  distributed::share_state(*assembly.context, group->world(), assembly.model->named_parameters(), *assembly.optimizer,
                           shared);
  if (assembly.precision && !shared.precision.empty()) assembly.precision->restore(shared.precision);
  train::Ports ports;
  ports.tell = [&](const journal::Payload& payload) {
    if (is_own_business(payload)) value_or_throw(journal->append(payload));
  };
  ports.save = [](std::int64_t) {};
  ports.stop = stop_requested;
  ports.now_ns = [&] { return journal->now_ns(); };
  train::Trainer trainer(assembly.parts(), train_plan(sound.recipe), ports);
  const train::Outcome outcome = trainer.run(shared.done);
  console.info(fmt::format("Rank {} ended after step {}", options.place->rank, trainer.done()));
  return outcome == train::Outcome::stopped ? kInterrupted : 0;
}

}  // namespace athanor::runner
