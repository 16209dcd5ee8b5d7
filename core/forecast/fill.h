// The batch size that fills a share of a device's memory: predicted, then measured at two sizes, then solved again.
// What was predicted and what was measured are both told; nothing is guessed where either fails.
#pragma once

#include "core/assembly/recipe_input.h"

#include <cstdint>
#include <string>
#include <vector>

namespace athanor::runner {

inline constexpr double kUsualFill = 0.65;

struct FillProbe {
  std::int64_t batch_size = 0;
  std::int64_t predicted_bytes = 0, measured_bytes = 0;
};

struct FillAnswer {
  std::int64_t batch_size = 0;
  std::int64_t predicted_bytes = 0;  // before anything was measured, at that size
  std::int64_t expected_bytes = 0;   // by the two probes
  std::int64_t target_bytes = 0;     // the share of what there is
  std::int64_t memory_bytes = 0;     // what there is
  std::int64_t largest = 0;          // batch size that may be at all
  std::string bounded_by;            // why it is no larger although there is room; empty: memory bounds it
  std::vector<FillProbe> probes;     // the smaller first
};

// `share` in (0, 1]; `memory_bytes` 0: what the device has. Of a recipe on several ranks they share the machine's
// memory alike. Throws Failure: out_of_memory where not even the smallest batch is that small.
[[nodiscard]] FillAnswer fill(const SoundRecipe& sound, double share, std::int64_t memory_bytes = 0);
[[nodiscard]] std::string to_json(const FillAnswer& answer);

}  // namespace athanor::runner
