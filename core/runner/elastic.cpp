#include "core/runner/elastic.h"

#include "core/distributed/checkpoint_ranks.h"
#include "core/distributed/share_state.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace athanor::runner {
namespace {

// What rank 0 says where ranks share the state.
std::string text_of(const train::Progress& progress, const std::filesystem::path& source, bool saves_first) {
  return nlohmann::json{{"done", progress.done},
                        {"evaluated", progress.evaluated},
                        {"saved", progress.saved},
                        {"source", source.string()},
                        {"saves_first", saves_first}}
      .dump();
}

// All ranks leave it with the parts of one state, which is that of a checkpoint or of the beginning: a rank that was
// lost had a part of what was in memory.
void go_on_from_checkpoint(Elastic& elastic, const std::string& cause) {
  comm::Communicator& world = elastic.link->group().world();
  const bool leads = world.rank() == 0;
  if (leads && !elastic.knows) elastic.progress = elastic.restore(cause);
  const auto said = value_or_throw(distributed::checkpoint_ranks(world).broadcast(
      leads ? text_of(elastic.progress, elastic.source(), elastic.saves_first) : std::string()));
  const nlohmann::json state = nlohmann::json::parse(said);
  elastic.progress = {state.at("done"), state.at("evaluated"), state.at("saved")};
  elastic.saves_first = state.at("saves_first");
  if (!leads) elastic.load(state.at("source").get<std::string>());
  elastic.knows = false;  // from the first step on it is not a checkpoint's any more
  elastic.link->begin_work(elastic.progress.done);
  join(elastic.assembly, elastic.recipe, elastic.link->group());
}

// All ranks leave it with one state. Whether that came out of memory.
bool agree(Elastic& elastic, const std::string& cause) {
  if (elastic.assembly.is_shared()) {
    go_on_from_checkpoint(elastic, cause);
    return false;
  }
  comm::Communicator& ranks = elastic.link->group().world();
  Assembly& assembly = elastic.assembly;
  const auto known = distributed::find_giver(ranks, elastic.knows ? elastic.progress.done : distributed::kKnowsNothing);
  if (!known && ranks.rank() == 0) elastic.progress = elastic.restore(cause);
  const int giver = known.value_or(0);
  if (ranks.rank() != giver) elastic.knows = false;  // half of another's state is none
  distributed::SharedState state{elastic.progress, assembly.precision ? assembly.precision->state() : std::string()};
  distributed::share_state(*assembly.context, ranks, giver, assembly.model->named_parameters(), *assembly.optimizer,
                           state);
  if (assembly.precision && ranks.rank() != giver && !state.precision.empty())
    assembly.precision->restore(state.precision);
  elastic.progress = state.progress;
  elastic.knows = true;
  elastic.link->begin_work(elastic.progress.done);
  join(assembly, elastic.recipe, elastic.link->group());
  return known.has_value();
}

// Whether the others, and one in place of who was lost, have met again.
bool meets_again(Elastic& elastic, const Failure& failure) {
  if (elastic.link == nullptr || failure.error().kind != ErrorKind::communication) return false;
  if (elastic.part) elastic.part();
  elastic.assembly.peers.reset();
  return elastic.link->regroup();
}

// How far the trainer came outlives what it throws.
train::Outcome run_once(Elastic& elastic, const train::Plan& plan, const train::Ports& ports) {
  train::Trainer trainer(elastic.assembly.parts(), plan, ports);
  struct Note {
    train::Progress& progress;
    const train::Trainer& trainer;
    ~Note() { progress = trainer.progress(); }
  };
  const Note note{elastic.progress, trainer};
  return trainer.run(elastic.progress);
}

// The only rank that can keep what was learnt when there will be no other group.
void save_what_is_known(Elastic& elastic, const train::Ports& ports) {
  const train::Progress& progress = elastic.progress;
  if (!elastic.knows || elastic.link->rank() != 0 || progress.done == 0 || progress.saved == progress.done) return;
  ports.save(progress.done);
  elastic.progress.saved = progress.done;
}

}  // namespace

train::Outcome train_elastic(Elastic& elastic, const train::Plan& plan, const train::Ports& ports) {
  std::optional<std::string> cause;
  if (elastic.link && elastic.link->takes_over()) cause = fmt::format("rank {} was lost", elastic.link->rank());
  while (true) {
    try {
      const bool from_memory = elastic.link && agree(elastic, cause.value_or(""));
      if (cause && from_memory)
        ports.tell(journal::Recovery{elastic.progress.done, fmt::format("what the ranks hold in memory; {}", *cause)});
      cause.reset();
      if (std::exchange(elastic.saves_first, false)) ports.save(elastic.progress.done);
      return run_once(elastic, plan, ports);
    } catch (const Failure& failure) {
      if (meets_again(elastic, failure)) {
        if (!cause) cause = failure.error().cause;
        continue;
      }
      if (elastic.link == nullptr || failure.error().kind != ErrorKind::communication) throw;
      save_what_is_known(elastic, ports);
      if (!ports.stop()) throw;
      return train::Outcome::stopped;
    }
  }
}

}  // namespace athanor::runner
