// Sweeps: which of their trials go on.
#include "core/agent/halving.h"
#include "core/agent/queueing.h"
#include "core/agent/supervisor.h"

#include <spdlog/spdlog.h>

#include <limits>

namespace athanor::agent {

// The last figure up to where it waits, whatever was told since by hand.
double Supervisor::figure_of(const store::TrialState& trial, const std::string& metric) {
  const auto curve = reader_.curve(trial.run, metric, std::numeric_limits<std::int64_t>::min(), trial.until, 1);
  return curve && !curve->empty() ? curve->back().last : std::numeric_limits<double>::quiet_NaN();
}

Result<void> Supervisor::advance_sweeps() {
  const auto sweeps = writer_.waiting_sweeps();
  if (!sweeps) return tl::unexpected(sweeps.error());
  for (const store::Sweep& sweep : *sweeps) {
    const auto plan = recipe::parse_sweep(sweep.definition);
    if (!plan) {
      spdlog::error("Sweep {}: {}", sweep.id, plan.error().message());
      continue;  // its trials wait until somebody takes them out
    }
    const auto trials = writer_.trials(sweep.id, plan->objective.metric);
    if (!trials) return tl::unexpected(trials.error());
    const auto next = advance(*plan, *trials,
                              [&](const store::TrialState& trial) { return figure_of(trial, plan->objective.metric); });
    if (!next) continue;
    if (auto done = writer_.advance(sweep.id, next->going_on, next->until, next->left_out); !done) return done;
    spdlog::info("Sweep {}: {} trials go on, {} are left out", sweep.id, next->going_on.size(), next->left_out.size());
    for (const store::RunId run : next->going_on) tell(Change::What::runs, run);
    for (const store::LeftOut& each : next->left_out) tell(Change::What::runs, each.run);
  }
  return {};
}

Result<AddedSweep> Supervisor::add_sweep(const Enqueue& request, const std::string& plan) {
  const auto parent = parent_of(request);
  if (!parent) return tl::unexpected(parent.error());
  const auto rows = new_sweep(request, plan, *parent, places_.runs);
  if (!rows) return tl::unexpected(rows.error());
  auto added = writer_.add_sweep(rows->first, rows->second);
  if (!added) return tl::unexpected(added.error());
  look_at_queue();
  for (const store::RunId run : added->second) tell(Change::What::runs, run);
  return AddedSweep{added->first, std::move(added->second)};
}

Result<void> Supervisor::hold_sweep(store::SweepId sweep, bool held) {
  const auto done = writer_.hold_sweep(sweep, held);
  if (done) look_at_queue();
  tell(Change::What::runs, 0);
  return done;
}

// The wish is in the history before anything is stopped: an agent that begins later stops what is left.
Result<void> Supervisor::end_sweep(store::SweepId sweep) {
  if (auto done = writer_.end_sweep(sweep); !done) return done;
  look_at_queue();
  tell(Change::What::runs, 0);
  return stop_ended_sweeps();
}

Result<void> Supervisor::stop_ended_sweeps() {
  const auto jobs = writer_.jobs();
  if (!jobs) return tl::unexpected(jobs.error());
  for (const store::Job& job : *jobs) {
    const bool goes_on = store::is_live(job.status) && job.status != store::RunStatus::stopping;
    if (!goes_on || !job.trial || !job.trial->sweep_ended) continue;
    if (const auto stopped = stop(job.run); !stopped) spdlog::warn("{}", stopped.error().message());
  }
  return {};
}

}  // namespace athanor::agent
