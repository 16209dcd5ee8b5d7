#include "core/ranks/elastic.h"

#include "core/checkpoint/names.h"
#include "core/distributed/checkpoint_ranks.h"
#include "core/distributed/share_state.h"
#include "core/ranks/kept_residuals.h"
#include "core/ranks/recount.h"
#include "core/ranks/state_keeper.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace athanor::runner {
namespace {

double milliseconds(std::int64_t from_ns, std::int64_t to_ns) { return static_cast<double>(to_ns - from_ns) * 1e-6; }

// Up to when the ranks have met again; `from` is why they had to.
journal::Recovery recovery(const Elastic& elastic) {
  const GroupNotice& notice = elastic.link->notice();
  const int ranks = elastic.link->group().world().size();
  journal::Recovery out;
  out.from = notice.cause;
  out.rank = notice.lost;
  out.replicas = mesh_for(elastic.recipe, ranks).data;
  if (ranks < notice.ranks_before) out.from += fmt::format("; {} of {} replicas go on", ranks, notice.ranks_before);
  out.detect_ms = milliseconds(notice.last_sign_ns, notice.noticed_ns);
  out.decide_ms = milliseconds(notice.noticed_ns, notice.opened_ns);
  out.respawn_ms = milliseconds(notice.opened_ns, elastic.link->joined_ns());
  return out;
}

// Shares the batches equally between as many replicas as there are in the group.
void share_equally(Elastic& elastic) {
  const comm::Communicator& ranks = elastic.link->group().world();
  const parallel::Mesh mesh = mesh_for(elastic.recipe, ranks.size());
  const int replica = parallel::coordinates_of(mesh, ranks.rank()).data;
  Assembly& assembly = elastic.assembly;
  data::LoaderOptions options = assembly.loader->options();
  const data::Share share{replica, mesh.data};
  if (options.share == share) return;
  options.share = share;
  assembly.loader = value_or_throw(data::Loader::create(assembly.dataset, options));
}

void join_group(Elastic& elastic) {
  comm::Group& group = elastic.link->group();
  join(elastic.assembly, elastic.recipe, group, residual_files(elastic.link->meeting(), group.world().rank()));
  if (const std::string& why = elastic.assembly.peers->through_host; !why.empty() && group.world().rank() == 0)
    elastic.warn("What GPUs exchange goes through the host: " + why);
}

// What the stages are to take, as far as that is known.
void expect_work(Elastic& elastic) {
  if (!elastic.stages) return;
  const parallel::Mesh mesh = mesh_for(elastic.recipe, elastic.link->group().world().size());
  auto work = elastic.stages->begin(mesh, *elastic.assembly.stages, elastic.cut ? &*elastic.cut : nullptr);
  if (!work.empty()) elastic.watch->expect(std::move(work));
}

void join_peers(Elastic& elastic) {
  join_group(elastic);
  if (elastic.watch == nullptr) return;
  comm::Group& group = elastic.link->group();
  const parallel::Mesh mesh = mesh_for(elastic.recipe, group.world().size());
  if (elastic.balance) {
    elastic.balance->begin(mesh);
    share_batches(elastic.assembly, elastic.balance->orders());
  }
  const distributed::TensorRanks* const tensor = elastic.assembly.tensor.get();
  elastic.watch->begin(group.world(), mesh, tensor ? [tensor] { return tensor->waited(); } : WorkWatch::Waited());
  expect_work(elastic);
}

// Null where the state is not shared.
std::unique_ptr<StateKeeper> make_keeper(const Elastic& elastic) {
  if (!elastic.link || !elastic.assembly.is_shared()) return nullptr;
  return std::make_unique<StateKeeper>(elastic.recipe, elastic.assembly, elastic.link->meeting(), elastic.link->rank());
}

// Everything learnt is to be read anew.
void cut(Elastic& elastic, std::unique_ptr<StateKeeper>& keeper, std::optional<LayerWork> work) {
  keeper.reset();
  elastic.cut = std::move(work);
  cut_again(elastic.assembly, elastic.recipe, elastic.link->rank(), elastic.cut ? &*elastic.cut : nullptr);
  elastic.is_fresh = true;
  keeper = make_keeper(elastic);
}

// Where ranks meet again, some of them may have cut the model elsewhere by now, and one that has come knows nothing.
void cut_as_was_said(Elastic& elastic, std::unique_ptr<StateKeeper>& keeper) {
  if (!elastic.stages) return;
  const std::filesystem::path file = cut_file(elastic.link->meeting());
  std::optional<LayerWork> said;
  if (std::filesystem::exists(file)) said = read_layer_work(file);
  if (said != elastic.cut) cut(elastic, keeper, std::move(said));
}

// Goes on with what coding has taken away of gradients. Whether there was nothing to go on with, or all of it is there.
bool keep_residuals(Elastic& elastic) {
  distributed::ReplicaGroup* const replicas = elastic.assembly.peers->replicas.get();
  if (replicas == nullptr || !replicas->coded()) return true;
  const GroupNotice& notice = elastic.link->notice();
  const bool are_fewer = notice.ranks_before > elastic.link->group().world().size();
  if (are_fewer) replicas->coded()->reset();  // they are those of another division
  return replicas->go_on_from(elastic.progress.done) && !are_fewer;
}

// What rank 0 says where ranks share the state.
std::string text_of(const train::Progress& progress, const std::filesystem::path& source, bool saves_first) {
  return nlohmann::json{{"done", progress.done},
                        {"evaluated", progress.evaluated},
                        {"saved", progress.saved},
                        {"source", source.string()},
                        {"saves_first", saves_first}}
      .dump();
}

// To the parts of a checkpoint, or of the beginning.
void go_on_from_checkpoint(Elastic& elastic) {
  comm::Communicator& world = elastic.link->group().world();
  const bool leads = world.rank() == 0;
  if (leads && !elastic.knows) elastic.progress = elastic.restore(recovery(elastic));
  const auto said = value_or_throw(distributed::checkpoint_ranks(world).broadcast(
      leads ? text_of(elastic.progress, elastic.source(), elastic.saves_first) : std::string()));
  const nlohmann::json state = nlohmann::json::parse(said);
  elastic.progress = {state.at("done"), state.at("evaluated"), state.at("saved")};
  elastic.saves_first = state.at("saves_first");  // of a checkpoint that is another run's
  if (!leads)
    elastic.load({state.at("source").get<std::string>(), elastic.saves_first, std::exchange(elastic.is_fresh, false)});
}

// The largest of what the ranks say.
std::int64_t most(comm::Communicator& ranks, std::int64_t mine) {
  ranks.all_reduce(View(&mine, DType::i64, Shape{1}), comm::Reduce::max);
  return mine;
}

struct Agreement {
  bool from_memory = false;    // all ranks have what one of them, or each of its own part, held there
  bool with_residuals = true;  // and what coding has taken away so far
};

// All ranks leave it with their parts of one state.
Agreement agree_on_parts(Elastic& elastic, StateKeeper& keeper) {
  share_equally(elastic);
  comm::Communicator& world = elastic.link->group().world();
  const auto kept = keeper.bring_back(world);
  if (kept) {
    elastic.progress = *kept;
    elastic.is_fresh = false;
    // A later one is due again.
    const std::int64_t lost = most(world, elastic.saves_first ? 0 : elastic.lost_save);
    elastic.saves_first = lost >= 0 && lost < kept->done;
  } else {
    keeper.forget();
    go_on_from_checkpoint(elastic);
  }
  elastic.knows = false;  // what was loaded is of no use to whoever comes later
  elastic.link->begin_work(elastic.progress.done);
  join_peers(elastic);
  const bool with_residuals = most(world, keep_residuals(elastic) ? 0 : 1) == 0;
  return {kept.has_value(), with_residuals};
}

// All ranks leave it with one state, which each of them holds whole.
Agreement agree_on_all(Elastic& elastic, Recount& recount) {
  share_equally(elastic);
  comm::Communicator& ranks = elastic.link->group().world();
  Assembly& assembly = elastic.assembly;
  const auto known = distributed::find_giver(ranks, elastic.knows ? elastic.progress.done : distributed::kKnowsNothing);
  if (!known && ranks.rank() == 0) elastic.progress = elastic.restore(recovery(elastic));
  const int giver = known.value_or(0);
  if (ranks.rank() != giver) elastic.knows = false;  // half of another's state is none
  distributed::SharedState state{elastic.progress, assembly.precision ? assembly.precision->state() : std::string(),
                                 recount.figures()};
  distributed::share_state(*assembly.context, ranks, giver, assembly.model->named_parameters(), *assembly.optimizer,
                           state);
  if (assembly.precision && ranks.rank() != giver && !state.precision.empty())
    assembly.precision->restore(state.precision);
  elastic.progress = state.progress;
  // What the rank 0 that was lost was about to write may not be there.
  if (giver != 0) elastic.progress.saved = -1;
  recount.set_figures(state.figures);
  elastic.knows = true;
  elastic.link->begin_work(elastic.progress.done);
  join_peers(elastic);
  return {known.has_value(), keep_residuals(elastic)};
}

// The figures of the last step, where rank 0 was lost before it could tell them.
std::optional<journal::MetricSamples> untold(const Elastic& elastic, const Recount& recount) {
  const auto& last = recount.last();
  if (!elastic.link->takes_over() || !last || last->step != elastic.progress.done || last->step <= elastic.told)
    return std::nullopt;
  return last;
}

journal::Recovery from_memory(const Elastic& elastic, const Agreement& agreement) {
  journal::Recovery out = recovery(elastic);
  out.step = elastic.progress.done;
  out.from = "what the ranks hold in memory; " + out.from;
  if (!agreement.with_residuals) out.from += "; what coding took away of gradients is forgotten";
  out.load_ms = milliseconds(elastic.link->joined_ns(), steady_now_ns());
  return out;
}

// Whether something that was to outlive this process does not, which is then said.
bool warns_of_memory(const Elastic& elastic, const std::unique_ptr<StateKeeper>& keeper) {
  const auto say = [&](const char* what, const std::string& why) {
    elastic.warn(what + why);
    return true;
  };
  if (keeper && !keeper->trouble().empty()) return say("The state is not kept in memory: ", keeper->trouble());
  const Peers* const peers = elastic.assembly.peers.get();
  const auto* const coded = peers && peers->replicas ? peers->replicas->coded() : nullptr;
  if (!coded || coded->trouble().empty()) return false;
  return say("What coding takes away of gradients ends with the process of a rank: ", coded->trouble());
}

// As they were numbered at the beginning.
void tell_slow_ranks(const Elastic& elastic) {
  if (elastic.watch == nullptr) return;
  for (journal::StragglerSeen& seen : elastic.watch->compare()) {
    seen.rank = elastic.link->notice().members.at(static_cast<std::size_t>(seen.rank));
    elastic.tell_slow(std::move(seen));
  }
}

// Until it is done, whatever else happens.
void save_first(Elastic& elastic, const train::Ports& ports) {
  elastic.lost_save = -1;
  if (!elastic.saves_first) return;
  ports.save(elastic.progress.done);
  elastic.progress.saved = elastic.progress.done;
  elastic.saves_first = false;
}

// The journal of a rank 0 that was lost does not say so itself.
void tell_own_loss(const Elastic& elastic, Recount& recount) {
  if (!elastic.link->takes_over() || elastic.link->rank() != 0) return;
  recount.tell(journal::FaultSeen{elastic.told + 1, to_string(ErrorKind::communication), "train on several ranks",
                                  elastic.link->notice().cause, "see the log of the rank for its last words"});
}

// Whether the others, and one in place of who was lost, have met again.
bool meets_again(Elastic& elastic, const Failure& failure) {
  if (elastic.link == nullptr || failure.error().kind != ErrorKind::communication) return false;
  if (elastic.part) elastic.lost_save = std::max(elastic.lost_save, elastic.part());
  if (elastic.watch) elastic.watch->end();
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

// Whether work is to be shared out anew from this checkpoint on.
bool plans_anew(Elastic& elastic, std::int64_t step) {
  if (elastic.balance) return elastic.balance->plan(step, *elastic.watch);
  return elastic.stages && elastic.stages->plan(step, *elastic.watch, elastic.assembly.peers->pass->forward_seconds(),
                                                elastic.link->group().world());
}

// By way of the checkpoint that was just written, of which each rank reads its new part. Not where a rank is lost
// meanwhile, as the next exchange will tell.
void cut_elsewhere(Elastic& elastic, std::unique_ptr<StateKeeper>& keeper, const train::Ports& ports) {
  elastic.lost_save = std::max(elastic.lost_save, elastic.part());
  if (elastic.lost_save >= 0) return;
  (void)ports.stop();  // throws what writing threw
  ports.tell(elastic.stages->shifted());
  const LayerWork work = elastic.stages->measured();
  comm::Communicator& world = elastic.link->group().world();
  if (world.rank() == 0) write_layer_work(cut_file(elastic.link->meeting()), work);
  elastic.assembly.peers.reset();
  elastic.link->begin_pause();
  cut(elastic, keeper, work);
  elastic.load({elastic.checkpoints / checkpoint::folder_name(elastic.progress.done), /*is_foreign=*/false,
                std::exchange(elastic.is_fresh, false)});
  keeper->keep_with(world);
  elastic.link->begin_work(elastic.progress.done);
  join_group(elastic);
  expect_work(elastic);
}

// The numbers are the same however work is shared out.
train::Outcome run(Elastic& elastic, std::unique_ptr<StateKeeper>& keeper, const train::Plan& plan,
                   const train::Ports& ports) {
  while (true) {
    const train::Outcome outcome = run_once(elastic, plan, ports);
    if (outcome != train::Outcome::paused) return outcome;
    if (elastic.stages) {
      cut_elsewhere(elastic, keeper, ports);
      continue;
    }
    share_batches(elastic.assembly, elastic.balance->orders());
    ports.tell(elastic.balance->shifted());
  }
}

// The only rank that can keep what was learnt when there will be no other group.
void save_what_is_known(Elastic& elastic, const train::Ports& ports) {
  const train::Progress& progress = elastic.progress;
  if (!elastic.knows || elastic.link->rank() != 0 || progress.done == 0 || progress.saved == progress.done) return;
  ports.save(progress.done);
  elastic.progress.saved = progress.done;
}

// With what the rank that failed says of itself, where it says something.
[[noreturn]] void give_up(const Elastic& elastic, const Failure& failure, const train::Ports& ports) {
  Error error = failure.error();
  if (const std::string why = elastic.link->why_over(); !why.empty()) {
    error.cause = why;
    ports.tell(journal::FaultSeen{elastic.progress.done + 1, to_string(error.kind), error.intention, error.cause,
                                  error.remedy});
  }
  throw Failure(std::move(error));
}

}  // namespace

train::Outcome train_elastic(Elastic& elastic, const train::Plan& plan, const train::Ports& given) {
  Recount recount(given.tell);
  train::Ports ports = given;
  ports.tell = [&](const journal::Payload& payload) { recount.tell(payload); };
  std::unique_ptr<StateKeeper> keeper;  // of what the rank has where the model is cut now
  ports.keep = [&, has_warned = false](const train::Progress& progress) mutable {
    if (keeper) keeper->keep(progress);
    if (!has_warned) has_warned = warns_of_memory(elastic, keeper);
    tell_slow_ranks(elastic);
  };
  if (elastic.watch && elastic.link) ports.pauses = [&](std::int64_t step) { return plans_anew(elastic, step); };
  bool has_changed = elastic.link && elastic.link->takes_over();
  bool has_begun = false;
  while (true) {
    try {
      if (has_changed && !has_begun) tell_own_loss(elastic, recount);
      if (has_changed) cut_as_was_said(elastic, keeper);
      if (!keeper) keeper = make_keeper(elastic);
      Agreement agreement;
      if (elastic.link) agreement = keeper ? agree_on_parts(elastic, *keeper) : agree_on_all(elastic, recount);
      if (has_changed && agreement.from_memory)
        recount.hold(from_memory(elastic, agreement), has_begun ? std::nullopt : untold(elastic, recount));
      has_begun = true;
      has_changed = false;
      save_first(elastic, ports);
      const train::Outcome outcome = run(elastic, keeper, plan, ports);
      recount.settle();
      return outcome;
    } catch (const Failure& failure) {
      if (meets_again(elastic, failure)) {
        has_changed = true;
        continue;
      }
      if (elastic.link == nullptr || failure.error().kind != ErrorKind::communication) throw;
      save_what_is_known(elastic, ports);
      if (!ports.stop()) give_up(elastic, failure, ports);
      return train::Outcome::stopped;
    }
  }
}

}  // namespace athanor::runner
