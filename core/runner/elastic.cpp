#include "core/runner/elastic.h"

#include "core/distributed/share_state.h"

#include <fmt/format.h>

#include <optional>

namespace athanor::runner {
namespace {

// All ranks leave it with one state.
void agree(Elastic& elastic) {
  comm::Communicator& ranks = elastic.link->group().world();
  Assembly& assembly = elastic.assembly;
  auto giver = distributed::find_giver(ranks, elastic.knows ? elastic.done : distributed::kKnowsNothing);
  if (!giver) {
    if (ranks.rank() == 0) elastic.done = elastic.restore();
    giver = 0;
  }
  distributed::SharedState state{elastic.done, assembly.precision ? assembly.precision->state() : std::string()};
  distributed::share_state(*assembly.context, ranks, *giver, assembly.model->named_parameters(), *assembly.optimizer,
                           state);
  if (assembly.precision && ranks.rank() != *giver && !state.precision.empty())
    assembly.precision->restore(state.precision);
  elastic.done = state.done;
  elastic.knows = true;
}

// What led to a new group; nothing where the run is over.
std::optional<std::string> lost(Elastic& elastic, const Failure& failure) {
  if (elastic.link == nullptr || failure.error().kind != ErrorKind::communication) return std::nullopt;
  elastic.assembly.replicas.reset();
  if (!elastic.link->regroup()) return std::nullopt;
  elastic.assembly.replicas = make_replicas(elastic.recipe, elastic.link->group());
  return failure.error().cause;
}

// A trainer's step count outlives what it throws.
train::Outcome run_once(Elastic& elastic, const train::Plan& plan, const train::Ports& ports) {
  train::Trainer trainer(elastic.assembly.parts(), plan, ports);
  struct Note {
    std::int64_t& done;
    const train::Trainer& trainer;
    ~Note() { done = trainer.done(); }
  };
  const Note note{elastic.done, trainer};
  return trainer.run(elastic.done);
}

}  // namespace

train::Outcome train_elastic(Elastic& elastic, const train::Plan& plan, const train::Ports& ports) {
  std::optional<std::string> cause;
  if (elastic.link && elastic.link->takes_over()) cause = fmt::format("rank {} was lost", elastic.link->rank());
  while (true) {
    try {
      if (elastic.link) agree(elastic);
      if (cause) ports.tell(journal::Recovery{elastic.done, fmt::format("what the ranks hold in memory; {}", *cause)});
      cause.reset();
      return run_once(elastic, plan, ports);
    } catch (const Failure& failure) {
      auto why = lost(elastic, failure);
      if (!why) throw;
      if (!cause) cause = std::move(why);
    }
  }
}

}  // namespace athanor::runner
