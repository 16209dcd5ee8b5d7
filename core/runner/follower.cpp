#include "core/assembly/assembly.h"
#include "core/forecast/forecast.h"
#include "core/journal/span_sampling.h"
#include "core/journal/writer.h"
#include "core/ranks/elastic.h"
#include "core/ranks/fault_injector.h"
#include "core/ranks/kept_residuals.h"
#include "core/ranks/run_state.h"
#include "core/runner/interrupt.h"
#include "core/runner/rank_processes.h"

#include <fmt/format.h>

namespace athanor::runner {
namespace {

// Rank 0 tells how the run goes; the others only what they did when, and what went wrong.
class Account {
 public:
  Account(const RunDirectory& directory, int rank)
      : rank_(rank), journal_(value_or_throw(journal::Writer::open(directory.journal(rank)))) {}

  void tell(const journal::Payload& payload) {
    if (const auto* span = std::get_if<journal::Span>(&payload)) {
      if (!sampling_.tells(*span)) return;
      journal::Span mine = *span;
      mine.rank = rank_;
      value_or_throw(journal_->append(mine));
    } else if (std::holds_alternative<journal::FaultSeen>(payload) ||
               std::holds_alternative<journal::Recovery>(payload)) {
      value_or_throw(journal_->append(payload));
    }
  }
  [[nodiscard]] std::int64_t now_ns() const { return journal_->now_ns(); }

 private:
  int rank_;
  std::unique_ptr<journal::Writer> journal_;
  journal::SpanSampling sampling_;
};

void assist(RankLink& link, const SoundRecipe& sound) {
  if (link.takes_over()) return;
  try {
    assist_forecast(sound, link.group());
  } catch (const Failure& failure) {
    if (failure.error().kind != ErrorKind::communication || !link.regroup()) throw;
  }
}

// Rank 0 says what it makes of the number formats' state.
void load(Assembly& assembly, const recipe::Recipe& recipe, const PartSource& origin, const RankPlace& place) {
  if (origin.checkpoint.empty()) {
    if (!origin.is_fresh) begin_anew(assembly, recipe);
    return;
  }
  const checkpoint::TrainingState state = restore_state(assembly, origin.checkpoint);
  if (!origin.is_foreign && gradient_format(recipe) != comm::WireFormat::f32)
    (void)value_or_throw(bring_residuals(origin.checkpoint, place.meeting, place.rank, 1,
                                         parallel::world_size(mesh_of(recipe)), state.step));
  if (!assembly.precision || state.precision.empty()) return;
  try {
    assembly.precision->restore(state.precision);
  } catch (const Failure&) {
    return;
  }
}

}  // namespace

int run_follower(const TrainOptions& options, Console& console) {
  const SoundRecipe sound = read_sound_recipe(options.recipe);
  const RunDirectory directory(options.run_directory);
  Account account(directory, options.place->rank);
  const auto injector =
      make_injector(options.faults, *options.place, [&](const std::string& text) { console.warn(text); });
  RankLink link(*options.place, sound, stop_requested, injector ? injector->damager() : nullptr);
  assist(link, sound);
  Assembly assembly = assemble(sound.recipe, sound.data.dataset, {}, link.rank());
  train::Ports ports;
  WorkWatch watch;
  ports.tell = [&](const journal::Payload& payload) {
    account.tell(payload);
    watch.take(payload);
  };
  SharedCheckpoints checkpoints(directory.checkpoints(), sound.recipe.integer("checkpoint.keep"));
  const Parting parting(checkpoints);
  const std::int64_t last = sound.recipe.integer("train.steps");
  ports.save = [&](std::int64_t step) {
    if (!assembly.is_shared()) return;
    checkpoint::TrainingState state;
    state.step = step;
    checkpoints.save(assembly, std::move(state));
    if (step == last || step == options.until) checkpoints.finish();
  };
  ports.stop = [&] {
    checkpoints.check();
    return stop_requested();
  };
  ports.now_ns = [&] { return account.now_ns(); };
  if (injector) ports = injector->around(ports, *assembly.context);
  Elastic elastic{sound.recipe, assembly, &link, {}, /*knows=*/false};
  elastic.load = [&](const PartSource& origin) { load(assembly, sound.recipe, origin, *options.place); };
  elastic.checkpoints = directory.checkpoints();
  elastic.warn = [&](const std::string& text) { console.warn(text); };
  elastic.part = [&] { return checkpoints.part(); };
  elastic.watch = &watch;
  train::Plan plan = train_plan(sound.recipe);
  plan.until = options.until;
  const train::Outcome outcome = train_elastic(elastic, plan, ports);
  checkpoints.finish();
  console.info(fmt::format("Rank {} ended after step {}", link.rank(), elastic.progress.done));
  return outcome == train::Outcome::stopped ? kInterrupted : 0;
}

}  // namespace athanor::runner
