// What a recipe needs, found without computing: its model goes through a few training steps and an evaluation in a dry
// context, where allocations and operations are only counted.
#pragma once

#include "core/comm/communicator.h"
#include "core/memory/allocator.h"
#include "core/nn/finetune.h"
#include "core/parallel/mesh.h"
#include "core/precision/resolve.h"
#include "core/recipe/recipe.h"
#include "core/train/pretrained.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace athanor::runner {

struct OpCount {
  double flops = 0;
  std::int64_t launches = 0;
};

// By kernel name and size_class() of a launch.
using OpCounts = std::map<std::string, std::map<int, OpCount>>;

struct AxisCost {
  parallel::Axis axis = parallel::Axis::data;
  comm::Traffic sent;
};

struct DryRun {
  std::int64_t parameters = 0, image_parameters = 0, text_parameters = 0;
  std::int64_t trainable = 0;
  std::vector<nn::PartSummary> parts;
  std::optional<train::Pretrained> pretrained;
  OpCounts step;      // one training step
  OpCounts evaluate;  // one evaluation; none where others do it
  MemoryStats memory;
  std::vector<AxisCost> axes;       // what a step sends along each that has several ranks
  std::int64_t exchange_bytes = 0;  // kept on the host for exchanging gradients
  double bytes_per_parameter = 0;   // with gradient and optimizer state, of what learns
  precision::Resolution precision;  // fp32 where nothing else is asked for
  [[nodiscard]] double step_flops() const;
};

struct DrySizes {
  std::int64_t vocabulary = 0;
  std::int64_t test_pictures = 0;
};
// What `rank` does. The others are taken to answer at once: what is held never depends on when they do.
[[nodiscard]] DryRun dry_run(const recipe::Recipe& recipe, const DrySizes& sizes, int rank = 0);

}  // namespace athanor::runner
