// Which layouts would make a recipe quickest here: each that the rules allow for the ranks at hand, with its time, its
// memory and what it sends, as predicted from costs of operations that one rank was measured to have and a link that
// was measured between two.
#pragma once

#include "core/assembly/recipe_input.h"
#include "core/parallel/layout.h"
#include "core/recipe/prediction.h"

#include <cstdint>
#include <string>
#include <vector>

namespace athanor::runner {

// Between two ranks of this machine.
struct LinkCost {
  double seconds_per_byte = 0, seconds_per_message = 0;
};
// Of all that a rank sends in a step.
[[nodiscard]] double exchange_seconds(const std::vector<recipe::AxisTraffic>& wire, const LinkCost& link);

struct LayoutQuestion {
  int ranks = 0;  // at most; 0: the cores of this machine, or its GPUs
  // That all ranks may take together, or on GPUs those that share one; 0: what the machine has, or its first GPU.
  std::int64_t memory_bytes = 0;
  std::size_t most = 10;  // that are told
  double budget_s = 6;    // for all; what was not looked at by then is left out, and told as such
};

struct LayoutChoice {
  parallel::Layout layout;
  std::vector<std::string> set;  // assignments that give it to the recipe; none for its own
  int ranks = 1;
  double step_s = 0;     // the two that follow
  double compute_s = 0;  // with waiting for other stages, and for the cores that ranks share
  double exchange_s = 0;
  double bubble = 0;                   // simulated
  std::int64_t rank_memory_bytes = 0;  // of the rank that needs most
  std::int64_t memory_bytes = 0;       // of all
  std::int64_t bytes_on_wire = 0;      // of the rank that sends most, in a step
  bool fits = true;
};

struct LayoutTable {
  std::vector<LayoutChoice> best;  // that fit, the quickest first
  LayoutChoice own;                // the recipe's own
  int ranks = 1;
  std::int64_t memory_bytes = 0;
  std::size_t valid = 0, looked_at = 0, too_large = 0;
  double bytes_per_second = 0, seconds_per_message = 0;  // of the link, measured
  bool measured_now = false;                             // costs of operations; else as kept from before
};

// Formats of gradients stay the recipe's: they change what is learnt, layouts do not. Throws Failure.
[[nodiscard]] LayoutTable best_layouts(const SoundRecipe& sound, const LayoutQuestion& question);
[[nodiscard]] std::string to_json(const LayoutTable& table);

}  // namespace athanor::runner
