#include "core/agent/sweep_view.h"

#include <limits>
#include <utility>

namespace athanor::agent {
namespace {

using store::RunStatus;

void count(const store::TrialState& trial, SweepView& view) {
  if (trial.status == RunStatus::queued) {
    ++view.queued;
  } else if (store::is_live(trial.status)) {
    ++view.going_on;
  } else if (trial.trial.waits) {
    ++view.waiting;
  } else if (trial.status == RunStatus::finished) {
    ++view.finished;
  } else if (trial.trial.is_out) {
    ++view.left_out;
  } else if (trial.status == RunStatus::stopped) {
    ++view.stopped;
  } else {
    ++view.failed;
  }
}

SweepView view_of(store::Sweep sweep, std::vector<store::TrialState> trials, const recipe::Objective& objective) {
  SweepView view;
  view.sweep = std::move(sweep);
  view.objective = objective;
  view.trials = std::move(trials);
  for (std::size_t i = 0; i < view.trials.size(); ++i) {
    count(view.trials[i], view);
    const double best = view.best ? view.trials[*view.best].last : std::numeric_limits<double>::quiet_NaN();
    if (!view.trials[i].is_deleted && recipe::is_better(objective, view.trials[i].last, best)) view.best = i;
  }
  return view;
}

}  // namespace

Result<std::vector<SweepView>> view_sweeps(store::Reader& reader) {
  auto sweeps = reader.sweeps();
  if (!sweeps) return tl::unexpected(sweeps.error());
  std::vector<SweepView> views;
  for (store::Sweep& sweep : *sweeps) {
    const auto plan = recipe::parse_sweep(sweep.definition);
    const recipe::Objective objective = plan ? plan->objective : recipe::Objective();
    auto trials = reader.trials(sweep.id, objective.metric);
    if (!trials) return tl::unexpected(trials.error());
    views.push_back(view_of(std::move(sweep), std::move(*trials), objective));
  }
  return views;
}

}  // namespace athanor::agent
