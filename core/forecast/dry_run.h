// What a recipe needs, found without computing: its model goes through a few training steps and an evaluation in a dry
// context, where allocations and operations are only counted.
#pragma once

#include "core/assembly/stages.h"
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

// One rank's.
struct DryRun {
  OpCounts step;      // one training step, of texts of average length
  OpCounts evaluate;  // one evaluation; none where others do it
  MemoryStats memory;
  std::vector<AxisCost> axes;         // what a step sends along each that has several ranks
  std::int64_t exchange_bytes = 0;    // kept on the host for exchanging gradients
  std::int64_t checkpoint_bytes = 0;  // copied for a checkpoint: what this rank writes of it
  std::int64_t kept_bytes = 0;        // of its part of the state, for a process that may take its place
  [[nodiscard]] double step_flops() const;
};

struct DrySizes {
  std::int64_t vocabulary = 0;
  std::int64_t test_pictures = 0;
  // Of the texts of the first batches, as they are drawn; none where all are taken to be as long as they may be.
  std::vector<std::int32_t> text_lengths = {};
  std::vector<double> row_cost = {};  // with them: of LoaderOptions
  int rehearsed = 32;                 // of such batches: few find less memory, by up to a tenth
};

// What the dry runs of all ranks have in common, found once. Refers to the recipe.
struct DryWorld {
  const recipe::Recipe& recipe;
  DrySizes sizes;
  std::optional<Stages> stages;  // where the model is cut
  // The tokens that are read of the texts of the first batches, by row, where these are grouped by length; none where
  // all texts are read to the end.
  std::vector<std::vector<std::int32_t>> batches = {};
  // The same of a batch that takes as long as those do on average, as the slowest replica of each.
  std::vector<std::int32_t> usual_batch = {};
};
[[nodiscard]] DryWorld dry_world(const recipe::Recipe& recipe, const DrySizes& sizes);

// What `rank` does. The others are taken to answer at once: what is held never depends on when they do.
[[nodiscard]] DryRun dry_run(const DryWorld& world, int rank = 0);
[[nodiscard]] DryRun dry_run(const recipe::Recipe& recipe, const DrySizes& sizes, int rank = 0);

// The model as its ranks have it together.
struct WholeModel {
  std::int64_t parameters = 0, image_parameters = 0, text_parameters = 0;
  std::int64_t trainable = 0;
  std::vector<nn::PartSummary> parts;
  std::optional<train::Pretrained> pretrained;
  double bytes_per_parameter = 0;   // on a rank, with gradient and optimizer state, of what learns
  precision::Resolution precision;  // fp32 where nothing else is asked for
};
[[nodiscard]] WholeModel whole_model(const recipe::Recipe& recipe, std::int64_t vocabulary);

}  // namespace athanor::runner
