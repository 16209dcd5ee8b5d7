#include "core/agent/halving.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace athanor::agent {
namespace {

using store::TrialState;

constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

std::int64_t goal_of(const TrialState& trial) { return trial.until > 0 ? trial.until : kEnd; }

bool is_under_way(const TrialState& trial) {
  return !trial.trial.is_out && (store::is_live(trial.status) || trial.is_unanswered);
}

struct Ranked {
  const TrialState* trial;
  double figure;
};

std::string cause_of(const Ranked& each, const recipe::SweepPlan& plan, std::size_t kept, std::size_t of) {
  const std::string figure = std::isfinite(each.figure) ? fmt::format("{} = {:.6g}", plan.objective.metric, each.figure)
                                                        : "no " + plan.objective.metric;
  return fmt::format("left out of its sweep after step {} with {}; the best {} of {} go on", each.trial->until, figure,
                     kept, of);
}

}  // namespace

std::optional<Advance> advance(const recipe::SweepPlan& plan, const std::vector<TrialState>& trials,
                               const FigureOf& figure_of) {
  std::int64_t goal = 0;  // of those that are furthest
  for (const TrialState& each : trials)
    if (is_under_way(each) || (each.trial.waits && !each.is_deleted)) goal = std::max(goal, goal_of(each));
  Advance out;
  std::vector<Ranked> ranked;
  bool any_under_way = false;
  for (const TrialState& each : trials) {
    any_under_way |= is_under_way(each) && goal_of(each) == goal;
    if (!each.trial.waits) continue;
    if (each.is_deleted || goal_of(each) < goal) {
      out.left_out.push_back({each.run, each.is_deleted ? "deleted while it waited for the other trials of its sweep"
                                                        : "the other trials of its sweep have gone on without it"});
    } else {
      ranked.push_back({&each, figure_of(each)});
    }
  }
  if (!any_under_way && !ranked.empty()) {
    const auto rungs = recipe::rungs_of(plan, trials.front().steps);
    const auto next = std::ranges::upper_bound(rungs, goal);
    const auto rung = static_cast<std::size_t>(next - rungs.begin());
    const std::size_t kept = std::min(recipe::trials_on(plan, trials.size(), rung), ranked.size());
    std::ranges::stable_sort(ranked, [&](const Ranked& a, const Ranked& b) {
      return recipe::is_better(plan.objective, a.figure, b.figure);
    });
    out.until = next == rungs.end() || *next == rungs.back() ? 0 : *next;
    for (std::size_t i = 0; i < ranked.size(); ++i) {
      if (i < kept) {
        out.going_on.push_back(ranked[i].trial->run);
      } else {
        out.left_out.push_back({ranked[i].trial->run, cause_of(ranked[i], plan, kept, ranked.size())});
      }
    }
  }
  if (out.going_on.empty() && out.left_out.empty()) return std::nullopt;
  return out;
}

}  // namespace athanor::agent
