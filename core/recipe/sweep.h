// Sweeps: one recipe tried with other values of some of its fields, all of a grid or drawn at random, and perhaps with
// the worse trials left behind on the way. Pure functions: the same plan makes the same trials. Safe on any thread.
// Source of the halving: Jamieson and Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter
// optimization", algorithm 1, with fixed rungs.
#pragma once

#include "core/recipe/recipe.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::recipe {

enum class Spacing : std::uint8_t { linear, logarithmic };

// What one field is tried with: the values listed, or a range of numbers.
struct SweepAxis {
  std::string path;
  std::vector<std::string> values;  // as parse_value reads them; empty: the range
  double low = 0, high = 0;         // inclusive
  Spacing spacing = Spacing::linear;
  int count = 0;  // evenly spaced ones of the range, with both ends; 0: any number in between, for random draws
};

// All trials go to min_steps; the best 1/eta of them go on to eta times as many, and so on until the recipe's last
// step.
struct Halving {
  int eta = 3;
  std::int64_t min_steps = 0;
};

// By which figure trials are told apart.
struct Objective {
  std::string metric = "eval/t2i_r1";
  bool is_largest_best = true;
};

struct SweepPlan {
  std::vector<SweepAxis> axes;
  int random = 0;          // so many draws; 0: the whole grid
  std::uint64_t seed = 1;  // of the draws
  std::optional<Halving> halving;
  Objective objective;
};

// "train.learning_rate=1e-4..1e-2,log,5", "model.text_width=128,256": a list, or a range with log or linear and a count
// behind it. Without either of the two words a range is logarithmic where it spans a decade or more. Errors:
// invalid_input, as of all below.
[[nodiscard]] Result<SweepAxis> parse_axis(std::string_view text);
// "eta=3,min_steps=100,metric=eval/t2i_r1,max": each may be left out but min_steps. Sets halving and objective.
[[nodiscard]] Result<void> parse_halving(std::string_view text, SweepPlan& plan);
// "eval/t2i_r1,max"
[[nodiscard]] Result<Objective> parse_objective(std::string_view text);

// A line for each part: "over train.learning_rate=…", "random 20", "seed 1", "halving eta=3,min_steps=100",
// "metric eval/t2i_r1,max"; parse_sweep(to_text(plan)) is the plan.
[[nodiscard]] std::string to_text(const SweepPlan& plan);
[[nodiscard]] Result<SweepPlan> parse_sweep(std::string_view text);

struct SweepTrial {
  std::string values;  // "train.learning_rate=0.001 model.text_width=256"
  Recipe recipe;       // its name is the base's with the trial's number
};
// In the order of the grid, whose last axis moves fastest, or of the draws. Refused with the faults of the first trial
// whose recipe has some.
[[nodiscard]] Result<std::vector<SweepTrial>> trials_of(const Recipe& base, const SweepPlan& plan);

// The steps after which trials are judged, the last one being `steps`; that alone without halving.
[[nodiscard]] std::vector<std::int64_t> rungs_of(const SweepPlan& plan, std::int64_t steps);
// How many of the trials of a sweep are still there on that rung (0: all).
[[nodiscard]] std::size_t trials_on(const SweepPlan& plan, std::size_t trials, std::size_t rung);
// Whether a beats b; what is not finite beats nothing.
[[nodiscard]] bool is_better(const Objective& objective, double a, double b);

}  // namespace athanor::recipe
